from __future__ import annotations

import pytest

from k8slab.errors import CommandError
from k8slab.traffic.command import parse_curl


def test_options_may_stand_together():
    command = parse_curl(["-sSki", "-XPOST", "-d", "a=b", "-H", "Host: x", "--max-time=3", "hello.test:8080/a?b"])
    assert command.flags == {"s", "S", "k", "i"}
    assert (command.verb, command.data, command.headers, command.limit_seconds) == ("POST", "a=b", {"Host": "x"}, 3.0)
    assert (command.parts.hostname, command.port, command.parts.path) == ("hello.test", 8080, "/a")


def test_users_and_addresses():
    command = parse_curl(["-u", "a:b", "--resolve", "x.test:80:127.0.0.1", "http://x.test"])
    assert command.headers == {"Authorization": "Basic YTpi"}
    assert command.resolve == {("x.test", 80): "127.0.0.1"}


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ([], "needs a URL"),
        (["-Z", "x"], "option -Z"),
        (["-sZ", "x"], "option -Z"),
        (["--proxy", "x"], "option --proxy"),
        (["http://x:99999"], "Port out of range"),
        (["-m", "soon", "x"], "number of seconds"),
    ],
)
def test_what_is_not_known_is_told(words: list[str], said: str):
    with pytest.raises(CommandError, match=said):
        parse_curl(words)
