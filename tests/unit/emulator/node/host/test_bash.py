from __future__ import annotations

from typing import Any

import pytest


@pytest.mark.parametrize(
    ("script", "out"),
    [
        ("echo {1..5}", "1 2 3 4 5\n"), ("echo {5..1..2}", "5 3 1\n"), ("echo {01..3}", "01 02 03\n"), ("echo {a..c}", "a b c\n"),
        ("echo a{b,c{d,e}}f", "abf acdf acef\n"), ("echo {a,b}{1,2}", "a1 a2 b1 b2\n"), ("echo '{a,b}' \"{1..2}\" {} {a}", "{a,b} {1..2} {} {a}\n"),
        ("for i in {1..3}; do echo -n $i; done", "123"), ("x=3; echo {1..$x}", "{1..3}\n"),
        ("[[ abc == a* && 1 -lt 2 ]] && echo yes", "yes\n"), ("[[ a == b || ( x == x && -n y ) ]] && echo yes", "yes\n"),
        ("[[ v1.2 =~ ^v[0-9]+ ]] && echo yes", "yes\n"), ("[[ ! -e /none ]] && echo yes", "yes\n"),
        ("if [[ a < b ]]; then echo less; fi", "less\n"), ("function f { echo f $1; }; f x; function g() { echo g; }; g", "f x\ng\n"),
    ],
)  # fmt: skip
async def test_bash_has_what_ash_has_not(pod: Any, script: str, out: str):
    pod.system = "debian"
    ran = await pod.run("bash", "-c", script)
    assert (ran.out, ran.err) == (out, "")


async def test_ash_leaves_braces_alone(pod: Any):
    assert (await pod.sh("echo {1..3} {a,b}")).out == "{1..3} {a,b}\n"
