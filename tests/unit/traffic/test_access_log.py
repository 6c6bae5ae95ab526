from __future__ import annotations

from k8slab.traffic.access_log import Served, find_served

LINE = (
    '127.0.0.1 - - [25/Nov/2026:01:00:00 +0000] "GET /a HTTP/1.1" {status} 615 "-" "k8slab-trace/{mark}" 90 0.003 '
    "[default-web-8000] [] {rest} 0123456789abcdef"
)


def test_the_request_with_the_mark_is_found():
    log = "\n".join(
        [
            "I1125 starting",
            LINE.format(status=200, mark="old", rest="10.244.0.9:80 615 0.002 200"),
            LINE.format(status=200, mark="abc", rest="10.244.0.5:80 615 0.002 200"),
        ]
    )
    assert find_served(log, "k8slab-trace/abc") == Served(200, 0.003, "default-web-8000", ("10.244.0.5:80",))
    assert find_served(log, "k8slab-trace/xyz") is None


def test_retries_and_requests_that_asked_nobody():
    tried = LINE.format(status=200, mark="a", rest="10.244.0.5:80, 10.244.0.6:80 0, 615 0.000, 0.002 502, 200")
    found = find_served(tried, "k8slab-trace/a")
    assert found is not None
    assert (found.address, found.addresses) == ("10.244.0.6:80", ("10.244.0.5:80", "10.244.0.6:80"))
    limited = find_served(LINE.format(status=503, mark="a", rest="- - - -"), "k8slab-trace/a")
    assert limited is not None
    assert (limited.status, limited.address) == (503, "")
