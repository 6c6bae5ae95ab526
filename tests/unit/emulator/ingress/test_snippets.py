"""A snippet does what it may, and nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest

from k8slab.emulator.ingress.snippets import SnippetError, contained, with_contained_snippets
from k8slab.routing.settings import Settings


@pytest.mark.parametrize(
    ("text", "built"),
    [
        ("more_set_headers 'X-Snippet: yes';", 'more_set_headers "X-Snippet: yes";'),
        ('if ($request_method = "POST") { return 405 "no; way"; }', 'if ($request_method = "POST") { return "405" "no; way"; }'),
        ("if ($slow) { set $limit_rate 4k; }", 'if ($slow) { set "$limit_rate" "4k"; }'),
        ("location ~* ^/old { return 301 /new; }", 'location ~* "^/old" { return "301" "/new"; }'),
        ("# a remark\nadd_header X-A b;", 'add_header "X-A" "b";'),
        ("internal;", "internal;"),
    ],
)  # fmt: skip
def test_words_are_kept(text: str, built: str, tmp_path: Path):
    assert contained(text, tmp_path) == built
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "text",
    ["}\nevil on;", "a {", 'more_set_headers "x', "return 200", "location /x { alias /etc; }", "root /;",
     "proxy_pass http://169.254.169.254;", "js_content main.x;", "include /etc/passwd;", "access_log /tmp/x;",
     "if (-f /etc/passwd) { return 200; }", "auth_basic_user_file /etc/shadow;", "ssl_certificate /etc/x;", "evil_word on;"],
)  # fmt: skip
def test_what_would_leave_the_lab_is_refused(text: str, tmp_path: Path):
    with pytest.raises(SnippetError, match=r"snippet|condition"):
        contained(text, tmp_path)


def test_a_refused_snippet_denies_its_location_and_says_why(tmp_path: Path):
    found = with_contained_snippets(Settings(configuration_snippet="root /;"), tmp_path)
    assert found.configuration_snippet == ""
    assert "root" in found.denied
    assert "kind" in found.denied
