"""Programs whose answers are recorded from a real busybox (``record_shell.py``)."""

import re

CASES = r"""
echo a b  c
echo "a  b" 'c $x' d\ e
x=1; echo $x ${x} "$x" '$x'
x="a  b"; echo $x; echo "$x"
echo ${y:-dflt} ${y-d2} ${y:=set} $y
x=; echo "[${x:-e}]" "[${x-e}]" "[${x:+p}]" "[${x+p}]"
x=hello; echo ${#x} ${x#h} ${x%o} ${x%l*} ${x%%l*} ${x#*l} ${x##*l}
f=/a/b/c.tar.gz; echo ${f##*/} ${f%/*} ${f%%.*} ${f#*.}
x=foobarfoo; echo ${x/foo/X} ${x//foo/X} ${x:3} ${x:3:2}
echo ${x:?bad thing}; echo no
set -u; echo $undefined; echo no
echo $((1+2*3)) $((7/2)) $((7%3)) $((2**3)) $(( (1+2)*3 )) $((-7/2)) $((1<2)) $((1==2)) $((3&1)) $((3|4)) $((1<<4))
i=5; echo $((i++)) $i $((++i)) $((i+=10)) $i $((i>3?1:0)) $((!i))
echo $((0x1f)) $((010)) $((~0))
echo $((1/0)); echo no
echo $((1+)); echo no
echo $(echo sub) `echo back` "$(echo "in quotes")"
echo $(echo $(echo nested))
echo "$(printf 'a\n\n')"x
true && echo yes || echo no
false && echo yes || echo no
false; echo $?; true; echo $?
! true; echo $?
if true; then echo t; else echo f; fi
if false; then echo 1; elif true; then echo 2; else echo 3; fi
for i in 1 2 3; do echo $i; done
for i in a "b c" d; do echo "[$i]"; done
set -- x y z; for i; do echo $i; done
set -- a "b c" d; for i in "$@"; do echo "[$i]"; done; for i in $@; do echo "<$i>"; done; echo "$*" $#
i=0; while [ $i -lt 3 ]; do echo $i; i=$((i+1)); done
i=0; until [ $i -ge 3 ]; do echo $i; i=$((i+1)); done
for i in 1 2 3 4; do if [ $i = 2 ]; then continue; fi; if [ $i = 4 ]; then break; fi; echo $i; done
for i in 1 2; do for j in a b; do if [ $j = b ]; then continue 2; fi; echo $i$j; done; done
for i in 1 2; do for j in a b; do break 2; done; echo no; done; echo done
case hello in h*) echo starts;; *) echo other;; esac
case abc in a|b) echo 1;; a?c) echo 2;; esac
case "x y" in "x y") echo quoted;; esac
case b in [a-c]) echo range;; esac; case z in [!a-c]) echo not;; esac
case a in (a) echo paren;; esac
f() { echo "f $1 $#"; return 3; }; f one two; echo $?
f() { local x=inner; echo $x; }; x=outer; f; echo $x
f() { x=$1; }; f global; echo $x
fact() { if [ $1 -le 1 ]; then echo 1; else echo $(( $1 * $(fact $(( $1 - 1 )) ) )); fi; }; fact 5
(x=sub; echo $x); echo "[$x]"
{ echo a; echo b; } | wc -l
echo a | tr a b | tr b c
printf '3\n1\n2\n' | sort | head -n 1
cat <<EOF
hello $HOME $(echo sub)
EOF
cat <<'EOF'
hello $HOME
EOF
x=1; cat <<-EOF
	tab $x
	EOF
echo hi > f; cat f; echo more >> f; cat f
echo err >&2; echo out
(echo out; echo err >&2) 2>&1 | sort
ls /nope 2>/dev/null; echo $?
ls /nope > f 2>&1; cat f
cat < f; echo $?
echo x > f; cat < f
echo a > f; echo b > g; cat f g
while read line; do echo "[$line]"; done <<EOF
one
two  three
EOF
printf 'a b c\nd e\n' | while read x y; do echo "$y-$x"; done
printf 'a:b:c\n' | while IFS=: read x y; do echo "$y $x"; done
IFS=,; x="a,b,c"; for i in $x; do echo $i; done
read x < /dev/null; echo $?
echo "a\\tb"; echo -e "a\tb"; echo -n x; echo
printf '%s-%d-%05.2f|%5s|%-5s|%x\n' a 5 3.14159 r l 255
printf '%s\n' a b c
printf 'no newline'; printf '\n%%\n'
printf '%d\n' abc; echo $?
exit 3
sh -c 'exit 4'; echo $?
sh -c 'echo $0 $1 $2' name a b
sh -c 'echo $#' x 1 2 3
trap 'echo bye' EXIT; echo hi
trap 'echo bye' EXIT; exit 5
trap 'echo got; exit 1' TERM; kill -TERM $$; echo not reached
trap '' TERM; kill $$; echo still
sleep 0.2 & wait $!; echo $?
sleep 30 & kill $!; wait $!; echo $?
(exit 7) & wait $!; echo $?
{ echo bg; } & wait; echo done
set -e; false; echo no
set -e; false || true; if false; then :; fi; echo yes
set -e; (false); echo no
set -e; x=$(false); echo no
set -e; ! true; echo yes
set -x; echo a "b c"
set -- a b c; shift; echo $1 $#; shift 2; echo $#; shift; echo $?
set a b; echo $2
export A=1; sh -c 'echo $A'; B=2; sh -c 'echo [$B]'; B=3 sh -c 'echo $B'
unset A; A=1; unset A; echo "[$A]"
readonly R=1; R=2; echo no
eval 'x=5; echo $x'; eval echo '$x'
eval "if"; echo no
echo 'echo sourced $1' > s; . ./s; echo $?
. /nope; echo no
exec echo replaced; echo no
exec /nope; echo no
exec > f; echo in file; cat f >&2
type cd; type foo; echo $?
command -v cd; command -v foo; echo $?
command echo hi
foo; echo $?
/tmp/nope; echo $?
/tmp; echo $?
echo 'echo script $0 $1' > s.sh; ./s.sh; echo $?
printf '#!/bin/sh\necho script $1 $#\nexit 3\n' > s.sh; chmod +x s.sh; ./s.sh a b; echo $?
printf 'echo one\nfoo\necho two\n' > s.sh; sh s.sh
printf 'if true\n' > s.sh; sh s.sh; echo $?
sh /nope; echo $?
if true; then
echo "abc
echo )
echo a; ; echo b
for in; do
cd /nope; echo $?
cd /tmp; pwd; cd /; pwd; cd -; cd; pwd
mkdir -p a/b; cd a/b; cd ..; pwd
touch a.txt b.txt c.md; echo *.txt; echo *.none; echo [ab].txt; echo ?.md; echo "*.txt"
mkdir d; touch d/x d/y; echo d/*; echo */x
touch .hidden vis; echo *; echo .h*
test 1 -eq 1 && echo y; test a = b || echo n; [ -z "" ] && echo z; [ -n x ] && echo n
[ 1 -lt 2 -a 2 -lt 3 ] && echo and; [ a = b -o c = c ] && echo or; [ ! a = b ] && echo not
touch e; echo x > s; [ -e e ] && [ -f e ] && [ ! -s e ] && [ -s s ] && [ -d /tmp ] && echo files
[ 1 -eq a ]; echo $?
[ a b; echo $?
[ a b ]; echo $?
[[ abc == a* ]] && echo match
x=5; [ "$x" -gt 3 ] && [ "$x" -lt 10 ]; echo $?
getopts ab: o -a -b val; echo $o $OPTARG $OPTIND
while getopts ab: o -a -b val; do echo $o $OPTARG; done
yes | head -n 2
seq 3; seq 2 4; seq 1 2 5; seq 3 -1 1; seq -s , 3; seq -w 8 10
printf 'c\na\nb\na\n' | sort; printf 'c\na\nb\na\n' | sort -u; printf '10\n9\n2\n' | sort -n; printf '1\n2\n' | sort -r
printf 'b 2\na 3\nc 1\n' | sort -k2; printf 'x:3\ny:1\n' | sort -t: -k2 -n
printf 'a\na\nb\n' | uniq; printf 'a\na\nb\n' | uniq -c; printf 'a\na\nb\n' | uniq -d
printf 'one two\nthree\n' | wc; printf 'a\nb\n' | wc -l; printf 'abc' | wc -c; printf 'a b c\n' | wc -w
printf 'x\ny\n' > f; wc f; wc -l f f
printf 'a:b:c\n' | cut -d: -f2; printf 'a:b:c\n' | cut -d: -f1,3; echo hello | cut -c2-4; printf 'a b\n' | cut -f1
echo hello | tr a-z A-Z; echo hello | tr -d l; echo aabbcc | tr -s a-c; echo 'a b' | tr ' ' '\n'; echo x1 | tr -cd '0-9'
seq 20 | head; seq 20 | tail -n 2; seq 5 | head -n 2; seq 5 | tail -n +4; seq 5 | tail -2; echo hello | head -c 3
seq 3 | tee f; cat f
printf 'a\nb\n' | tac; echo abc | rev; printf 'a\nb\n' | nl; cat -n /etc/none
printf 'foo\nbar\nFoo\n' > f; grep foo f; grep -i foo f; grep -v foo f; grep -c foo f; grep -n bar f; grep -q foo f; echo $?; grep none f; echo $?
printf 'a1\nb22\n' | grep -E '[0-9]+'; printf 'a1\nb22\n' | grep -o '[0-9]*'; printf 'a.b\naxb\n' | grep 'a\.b'; printf 'a.b\naxb\n' | grep -F a.b
printf 'foo bar\nfoobar\n' | grep -w foo; printf 'a\nb\n' | grep -x a; printf 'a\n' | grep -e b -e a; printf 'ab\n' | grep '^a' | grep 'b$'
mkdir d; echo hit > d/f; echo no > d/g; grep -r hit d; grep -rl hit d; grep hit d/f d/g; grep -h hit d/f d/g; grep -l hit d/f d/g
printf '1\n2\n3\n4\n5\n' | grep -A1 -B1 3
grep x /nope; echo $?
echo hello | sed 's/l/L/'; echo hello | sed 's/l/L/g'; echo hello | sed 's/l/L/2'; echo a/b | sed 's#/#-#'
printf 'a\nb\nc\n' | sed -n 2p; printf 'a\nb\nc\n' | sed 2d; printf 'a\nb\nc\n' | sed '1,2d'; printf 'a\nb\nc\n' | sed '$d'; printf 'a\nb\nc\n' | sed '/b/d'; printf 'a\nb\nc\n' | sed -n '/a/,/b/p'
echo 'key=val' | sed 's/\(.*\)=\(.*\)/\2=\1/'; echo 'key=val' | sed -E 's/(.*)=(.*)/\2 \1/'; echo abc | sed 's/b/[&]/'
printf 'x\n' | sed 'a after'; printf 'x\n' | sed 'i before'; printf 'x\n' | sed 'c changed'; printf 'a\nb\n' | sed '1q'; printf 'a\nb\n' | sed = ; echo abc | sed 'y/abc/xyz/'
echo old > f; sed -i 's/old/new/' f; cat f
printf 'a\nb\n' | sed -e 's/a/1/' -e 's/b/2/'; printf 'a\nb\n' | sed 's/a/1/;s/b/2/'; printf 'a b\n' | sed 's/ /\n/'
printf '1\n2\n3\n' | sed '/2/!d'; printf '1\n2\n3\n' | sed -n '$p'; printf '1\n2\n3\n' | sed 'N;s/\n/,/'; printf 'a\n\nb\n' | sed '/^$/d'
sed s/a/b/ /nope; echo $?
mkdir a; mkdir a; mkdir -p a; mkdir x/y; rmdir a; rmdir a; echo $?
touch f; rm f; rm f; rm -f f; mkdir d; rm d; rm -r d; ls; echo $?
echo 1 > a; cp a b; cat b; mkdir d; cp a d; ls d; cp d e; cp -r d e; ls e; cp /nope x; cp a /nope/x
echo 1 > a; mv a b; ls; mkdir d; mv b d; ls d; mv nope x; echo $?
echo 1 > a; ln -s a l; cat l; readlink l; ls -l l | cut -c1; [ -L l ] && echo link; ln -s a l; rm l; cat a
chmod 600 a; touch a; chmod 600 a; ls -l a | cut -c1-10; chmod u+x,go=r a; ls -l a | cut -c1-10; stat -c %a a
basename /a/b.txt; basename /a/b.txt .txt; dirname /a/b/c; dirname f
touch b a .h; ls; ls -a; ls -A; ls -1; mkdir d; touch d/x; ls d; ls -d d; ls a d; ls -p; ls /nope; echo $?
mkdir -p d/e; touch d/a d/e/b; find d | sort; find d -type f | sort; find d -name 'b*'; find d -maxdepth 1 | sort; find /nope; echo $?
touch x.tmp y.tmp; find . -name '*.tmp' -exec echo found {} \; | sort
echo hello | base64; echo aGVsbG8K | base64 -d; echo hi | md5sum; echo hi | sha256sum; echo hi > f; sha1sum f
echo a b c | xargs -n 1 echo; printf 'x\ny\n' | xargs -I{} echo "<{}>"; echo | xargs echo none; printf '' | xargs -r echo no
env -i A=1 env; A=2 env | grep ^A=; env B=3 sh -c 'echo $B'
sleep abc; echo $?
kill 99999; kill -9 abc; kill -FOO 1; echo $?
id -u; id -g; whoami; id
expr 1 + 2; echo $?
date +%Y | wc -c; date -u -d @0 +%FT%TZ; date -d '2024-01-02 03:04:05' '+%d/%m/%y %H:%M'
timeout 0.2 sleep 5; echo $?; timeout 5 echo ok
echo abc | od -c; echo abc | hexdump -C; printf 'ab' | od -An -tx1
echo data > f; gzip f; ls; gunzip f.gz; cat f; echo x | gzip | gunzip; echo x | gzip | zcat
mkdir d; echo 1 > d/a; tar cf t.tar d; rm -r d; tar xf t.tar; cat d/a; tar tf t.tar; tar czf t.tgz d; tar tzf t.tgz
printf 'a b c\nd e f\n' | awk '{print $2}'; printf 'a b c\n' | awk '{print NF, $NF}'; echo a:b | awk -F: '{print $2}'
printf '1\n2\n3\n' | awk '{s+=$1} END {print s}'; printf 'a\nb\n' | awk 'NR==2'; printf 'foo 1\nbar 2\n' | awk '/bar/{print $2}'
awk 'BEGIN{for(i=1;i<=3;i++) printf "%d ", i; print ""}'; awk 'BEGIN{print length("hello"), substr("hello",2,3), toupper("a"), index("hello","l")}'
awk 'BEGIN{a["x"]=1; if ("x" in a) print "in"; delete a["x"]; print length(a)}'; awk -v v=7 'BEGIN{print v*2, 7/2, 7%3}'
printf 'GET /a 200\nGET /b 404\nGET /a 200\n' | awk '{c[$2]++} END{for(k in c) print c[k], k}' | sort
awk 'function f(n){return n<2?1:n*f(n-1)} BEGIN{print f(5)}'; echo 'a,b' | awk '{split($0,p,","); print p[2]}'; echo x=1 | awk '{gsub(/=/,":"); print}'
awk 'BEGIN{printf "%5.2f|%-5s|%05d\n", 3.14159, "x", 42; print 1e6, 0.1+0.2, 100000*100000}'; awk 'BEGIN{while(i<3){i++; if(i==2)continue; print i}}'
awk 'BEGIN{print substr("hello",2,3) "-" index("hello","l") " " 1+2 "x"}'; echo "a b" | awk '{$2="X"; print; print $0}'; echo "5 apples" | awk '$1 > 3 {print "many", $2}'
ls --foo 2>&1 | head -n 1; cat -Q 2>&1 | head -n 1
true | false; echo $?; false | true; echo $?
x=$(echo a; exit 3); echo $? $x
f() { return; }; false; f; echo $?
a=1 b=2; echo $a$b; a=x$a; echo $a
echo ~ ~/x; HOME=/h; echo ~
echo $0 $$ | wc -w; echo $# $?
echo {a,b}; echo a{1..3}
echo "quote \" \$ \\ \` end"
echo 'single'\''quote'
echo a;echo b;# comment
echo a#b # comment
echo one \
 two
x='a b'; y=$x; echo "$y"; set -- $x; echo $#
n=3; while [ $n -gt 0 ]; do n=$((n-1)); [ $n = 1 ] && break; done; echo $n
let x=1+2; echo $x; let x=0; echo $?
umask; ulimit -n >/dev/null; echo $?
cat /nope; head /nope; tail /nope; wc /nope; sort /nope; cut -c1 /nope; echo $?
touch /nope/x; tee /nope/x </dev/null; stat /nope; du /nope; readlink /nope; echo $?
echo > /; echo $?; echo > /nope/x; echo $?
local x; echo no
return 3; echo no
break; echo after
wait 1234; echo $?
jobs; fg; echo $?
test x -foo y; echo $?
export 1a=b; echo no
echo a | { read x; echo $x; }; echo "[$x]"
echo 1 2 3 | { read a b; echo "$b"; }
printf 'line1\nline2\n' | { read a; cat; }
f() { echo $FUNC; }; FUNC=tmp f; echo "[$FUNC]"
x=1; { x=2; }; echo $x; ( x=3 ); echo $x
i=0; while :; do i=$((i+1)); [ $i -eq 3 ] && break; done; echo $i
echo $(cat <<EOF
inner
EOF
)
"""


def cases() -> list[str]:
    """Return the programs: a line each, but a here-document or an open construct takes its lines too."""
    made: list[str] = []
    lines = CASES.strip("\n").split("\n")
    while lines:
        text = lines.pop(0)
        if re.search(r"<<-?'?EOF", text):
            while lines[0].strip("\t") != "EOF":
                text += "\n" + lines.pop(0)
            text += "\n" + lines.pop(0)
            if text.startswith("echo $(cat"):
                text += "\n" + lines.pop(0)
        elif text.endswith("\\") and not text.endswith("\\\\"):
            text += "\n" + lines.pop(0)
        made.append(text)
    return made


PREFIX = "rm -rf /tmp/w; mkdir /tmp/w; cd /tmp/w\n"
