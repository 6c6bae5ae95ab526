"""The visit proxy: what a browser asks for, and what it gets."""

from __future__ import annotations

import http.client
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from k8slab.errors import ClusterError
from k8slab.traffic.resolving import Target
from k8slab.traffic.visit.mapping import Place, Site, seen_cookie, seen_page, seen_url
from k8slab.traffic.visit.server import VisitProxy

HOME, HUB = Place(8123), Place(8123, "/user/ada/proxy/8123")
SITE = Site("http", "hello.example.test")


def ours(host: str) -> bool:
    return host.endswith(".example.test")


@pytest.mark.parametrize(
    ("place", "host", "path", "site", "rest"),
    [
        (HOME, "hello.example.test.localhost:8123", "/a?b", SITE, "/a?b"),
        (HOME, "hello.example.test.tls.localhost:8123", "/", Site("https", "hello.example.test"), "/"),
        (HUB, "127.0.0.1:8123", "/http/hello.example.test/a?b", SITE, "/a?b"),
        (HUB, "127.0.0.1:8123", "/https/hello.example.test", Site("https", "hello.example.test"), "/"),
    ],
)
def test_what_a_browser_means(place: Place, host: str, path: str, site: Site, rest: str):
    assert place.site_of(host, path) == (site, rest)


def test_other_addresses_mean_no_site():
    assert HOME.site_of("127.0.0.1:8123", "/favicon.ico") is None
    assert HUB.site_of("127.0.0.1:8123", "/http//etc") is None


@pytest.mark.parametrize(
    ("url", "home", "hub"),
    [
        ("http://demo.example.test/a?b#c", "http://demo.example.test.localhost:8123/a?b#c",
         "/user/ada/proxy/8123/http/demo.example.test/a?b#c"),
        ("https://demo.example.test/", "http://demo.example.test.tls.localhost:8123/",
         "/user/ada/proxy/8123/https/demo.example.test/"),
        ("//demo.example.test/x", "http://demo.example.test.localhost:8123/x",
         "/user/ada/proxy/8123/http/demo.example.test/x"),
        ("/style.css", "/style.css", "/user/ada/proxy/8123/http/hello.example.test/style.css"),
        ("style.css", "style.css", "style.css"),
        ("https://kubernetes.io/", "https://kubernetes.io/", "https://kubernetes.io/"),
        ("javascript:alert(1)", "javascript:alert(1)", "javascript:alert(1)"),
    ],
)  # fmt: skip
def test_links_and_redirects(url: str, home: str, hub: str):
    assert seen_url(url, SITE, HOME, ours) == home
    assert seen_url(url, SITE, HUB, ours) == hub


def test_cookies_lose_what_the_proxy_cannot_keep():
    cookie = "a=b; Path=/x; Domain=example.test; Secure; HttpOnly; SameSite=None"
    assert seen_cookie(cookie, SITE, HOME) == "a=b; Path=/x; HttpOnly"
    assert seen_cookie(cookie, SITE, HUB) == "a=b; Path=/user/ada/proxy/8123/http/hello.example.test/x; HttpOnly"


def test_a_page_says_what_was_done_to_it():
    body = b"<html><body class=x><a href='http://demo.example.test/'>d</a> <img src=\"/i.png\"></body></html>"
    page = seen_page(body, SITE, HOME, ours, "127.0.0.1:30880")
    assert page.links == 1
    assert b"<a href='http://demo.example.test.localhost:8123/'>" in page.body
    assert page.body.startswith(b"<html><body class=x><div ")
    assert b"1 links, redirects and cookie domains were translated" in page.body


class App(BaseHTTPRequestHandler):
    """An app behind the ingress: it says which Host and path it was asked for."""

    def do_GET(self) -> None:
        if self.path == "/go":
            self.send_response(302)
            self.send_header("Location", "http://demo.example.test/there")
            self.end_headers()
            return
        body = f"<body>{self.headers['Host']} {self.path}</body>".encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Set-Cookie", "a=1; Domain=example.test")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_args: object) -> None:
        return


@pytest.fixture
def app() -> Iterator[int]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), App)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    yield server.server_address[1]
    server.shutdown()
    server.server_close()
    thread.join()


def asked(port: int, host: str, path: str) -> tuple[int, dict[str, str], str]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    connection.request("GET", path, headers={"Host": host})
    answer = connection.getresponse()
    found = answer.status, dict(answer.getheaders()), answer.read().decode()
    connection.close()
    return found


def test_a_browser_reaches_the_app_through_the_proxy(app: int):
    proxy = VisitProxy(lambda *_: Target("127.0.0.1", app), ours)
    try:
        port = proxy.place.port
        name = f"hello.example.test.localhost:{port}"
        status, headers, body = asked(port, name, "/a?b=%20c")
        assert (status, headers["Set-Cookie"]) == (200, "a=1")
        assert "hello.example.test /a?b=%20c</body>" in body
        assert "k8slab visit: http://hello.example.test/" in body
        status, headers, _ = asked(port, name, "/go")
        assert (status, headers["Location"]) == (302, f"http://demo.example.test.localhost:{port}/there")
        assert asked(port, f"kubernetes.io.localhost:{port}", "/")[0] == 404
        assert proxy.address(SITE, "/x") == f"http://{name}/x"
    finally:
        proxy.close()


def test_without_a_way_in_the_browser_reads_why():
    def nowhere(*_: object) -> Target:
        raise ClusterError("no ingress controller runs", "Install one: %lab install ingress-nginx")

    proxy = VisitProxy(nowhere, ours)
    try:
        status, _, body = asked(proxy.place.port, f"hello.example.test.localhost:{proxy.place.port}", "/")
        assert status == 502
        assert body == "no ingress controller runs\nInstall one: %lab install ingress-nginx\n"
    finally:
        proxy.close()
