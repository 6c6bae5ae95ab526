from __future__ import annotations

from pathlib import Path

import pytest

from k8slab.emulator.node.nginx.entrypoint import lay_out_scripts, prepare, substituted
from k8slab.emulator.node.nginx.lines import as_in_a_container, origins, renamed, with_own_line
from k8slab.emulator.node.nginx.load import load
from k8slab.emulator.node.nginx.taint import check_paths
from k8slab.emulator.node.nginx.translate import ConfigurationError, Places, translate


def configured(tmp_path: Path, http: str, main: str = "") -> Places:
    root = tmp_path / "root"
    (root / "etc/nginx").mkdir(parents=True, exist_ok=True)
    (root / "etc/nginx/nginx.conf").write_text(f"{main}\nevents {{}}\nhttp {{\n{http}\n}}\n")
    return Places(str(root), str(tmp_path / "s"), str(tmp_path))


def flat(directives: list[dict]) -> list[dict]:
    return [entry for one in directives for entry in [one, *flat(one.get("block", []))]]


@pytest.mark.parametrize(
    "line",
    [
        "root /;", "root ../../../..;", "root /../../etc;", "alias /etc/;", "ssl_certificate /etc/ssl/key.pem;",
        "access_log /var/x.log;", "error_log ../../../x.log;", "auth_basic_user_file /etc/passwd;", "client_body_temp_path /tmp/b;",
        "ssl_crl /etc/passwd;", "ssl_session_ticket_key /etc/passwd;",
    ],
)  # fmt: skip
def test_paths_stay_below_the_tree(tmp_path: Path, line: str):
    places = configured(tmp_path, f"server {{ listen 80; {line} }}")
    name = line.split(maxsplit=1)[0]
    found = [e for e in flat(translate(load(places), places, as_root=False).directives) if e["directive"] == name]
    # The scratch folder is the container's own.
    paths = [Path(str(e["args"][0])).resolve() for e in found]
    assert paths
    assert all(
        path == Path(places.root) or Path(places.root) in path.parents or tmp_path in path.parents for path in paths
    )


@pytest.mark.parametrize(
    ("http", "main"),
    [
        ("js_import x.js;", ""), ("server { listen unix:/tmp/s; }", ""), ("", "load_module modules/x.so;"),
        ("server { location / { proxy_pass http://unix:/var/run/docker.sock:/; } }", ""),
        ("upstream u { server unix:/var/run/docker.sock; }", ""), ("server { location / { proxy_pass http://$arg_x; } }", ""),
        ("server { location / { fastcgi_pass 127.0.0.1:9000; } }", ""), ("server { ssl_certificate data:$x; }", ""),
        ("server { access_log syslog:server=10.0.0.1; }", ""), ("server { ssl_key_log /tmp/k; }", ""),
        ("perl_modules x;", ""), ("server { location / { dav_methods PUT; } }", ""),
    ],
)  # fmt: skip
def test_what_reaches_outside_is_refused(tmp_path: Path, http: str, main: str):
    places = configured(tmp_path, http, main)
    with pytest.raises(ConfigurationError, match="not allowed in the embedded cluster"):
        translate(load(places), places, as_root=False)


@pytest.mark.parametrize(
    "http",
    [
        "server { root /data/$arg_x; }", "server { location / { try_files $arg_x =404; } }",
        "server { location / { rewrite ^ /$arg_x break; } }", "server { access_log /var/log/$http_x.log; }",
        "server { set $p $cookie_x; root /data/$p; }", "server { if ($args ~ (.*)) { set $p $1; } root /data/$p; }",
        "map $arg_x $p { ~(.*) $1; } server { root /data/$p; }", "server { location ~ x { alias /a/$request_uri; } }",
    ],
)  # fmt: skip
def test_a_request_cannot_choose_a_path(tmp_path: Path, http: str):
    with pytest.raises(ConfigurationError, match="which a request chooses"):
        check_paths(load(configured(tmp_path, http)))


@pytest.mark.parametrize(
    "http",
    [
        "server { location / { try_files $uri $uri/ /index.html; } }", "server { location ~ ^/u/(.*)$ { alias /data/$1; } }",
        "server { rewrite ^/a/(.*)$ /b/$1 last; }", "server { rewrite ^ https://$host$request_uri permanent; }",
        "server { root /sites/$host; }", "map $http_x $p { default a; b c; } server { root /data/$p; }",
        "server { location / { add_header X $arg_x; return 200 $arg_x; } }", "server { set $p fixed; root /data/$p; }",
        "server { if ($request_method = POST) { return 405; } location / { try_files $uri =404; } }",
    ],
)  # fmt: skip
def test_ordinary_configurations_pass(tmp_path: Path, http: str):
    check_paths(load(configured(tmp_path, http)))


def test_messages_name_the_learner_s_file_and_line(tmp_path: Path):
    places = configured(tmp_path, "server {\n  listen 80;\n  foo bar;\n}")
    import crossplane

    made = translate(load(places), places, as_root=False)
    text = crossplane.build(made.directives)
    number = next(index for index, line in enumerate(text.splitlines(), 1) if line.strip().startswith("foo"))
    message = renamed(f'unknown directive "foo" in /x/nginx.conf:{number}', "/x/nginx.conf", origins(made.directives))
    assert message == 'unknown directive "foo" in /etc/nginx/nginx.conf:6'


def test_only_set_variables_are_substituted():
    assert substituted("$host ${PORT} $PORT $uri", {"PORT": "80"}) == "$host 80 80 $uri"


async def test_templates_become_configuration(tmp_path: Path):
    (tmp_path / "etc/nginx/templates").mkdir(parents=True)
    (tmp_path / "etc/nginx/templates/a.conf.template").write_text("listen ${PORT};\n")
    lay_out_scripts(tmp_path)
    said: list[str] = []
    ran: list[str] = []
    extra = tmp_path / "docker-entrypoint.d/40-mine.sh"
    extra.write_text("echo mine\n")
    extra.chmod(0o755)

    async def run(path: str) -> None:
        ran.append(path)

    await prepare(tmp_path, {"PORT": "8080"}, said.append, run)
    assert (tmp_path / "etc/nginx/conf.d/a.conf").read_text() == "listen 8080;\n"
    assert ran == ["/docker-entrypoint.d/40-mine.sh"]
    assert said[-1] == "/docker-entrypoint.sh: Configuration complete; ready for start up"


def test_the_log_tells_nothing_of_the_machine():
    text = "2026/01/01 00:00:00 [notice] 3484#3484: nginx/1.31.3\n[notice] 3484#3484: OS: Linux 9.9-host\n[notice] 3500#3500: x\n"
    assert as_in_a_container(text, 3484, "1.27.0") == (
        "2026/01/01 00:00:00 [notice] 1#1: nginx/1.27.0\n[notice] 1#1: OS: Linux 6.6.0\n[notice] 29#29: x\n"
    )


def test_an_error_at_the_start_is_printed_twice_as_in_the_image():
    made = with_own_line(b'2026/01/01 00:00:00 [emerg] 1#1: unknown directive "foo"\n')
    assert made == b'2026/01/01 00:00:00 [emerg] 1#1: unknown directive "foo"\nnginx: [emerg] unknown directive "foo"\n'
