"""The visit proxy: an HTTP server on 127.0.0.1 that brings a browser to the ingress controller."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterable

import aiohttp
from aiohttp import web

from k8slab.errors import K8slabError
from k8slab.traffic.resolving import Target
from k8slab.traffic.visit.mapping import Ours, Place, Site, seen_cookie, seen_page, seen_url

_HOP_BY_HOP = frozenset({"connection", "keep-alive", "proxy-connection", "te", "trailer", "transfer-encoding",
                         "upgrade",
                         "content-length", "content-encoding", "host", "accept-encoding"})  # fmt: skip
_PORTS = {"http": 80, "https": 443}
_LARGEST_BODY = 64 << 20
_SECONDS = 65.0
# Where a site of the lab is reached; raises ``K8slabError``.
Resolve = Callable[[str, str, int], Target]


class VisitProxy:
    """Serves until closed, in a thread of its own. ``prefix`` is the path below which a Jupyter server shows it."""

    def __init__(self, resolve: Resolve, ours: Ours, prefix: Callable[[int], str] = lambda _port: "") -> None:
        self._resolve, self._ours = resolve, ours
        self._loop = asyncio.new_event_loop()
        self._ready = threading.Event()
        self.place = Place(0)
        self._prefix = prefix
        self._stop = asyncio.Event()
        self._thread = threading.Thread(target=self._work, name="k8slab visit", daemon=True)
        self._thread.start()
        self._ready.wait(10.0)

    def address(self, url_site: Site, path: str) -> str:
        """Return what to open in the browser."""
        return self.place.base(url_site) + path

    def close(self) -> None:
        """End the server and its thread."""
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(5.0)

    def _work(self) -> None:
        try:
            self._loop.run_until_complete(self._serve())
        finally:
            self._loop.close()

    async def _serve(self) -> None:
        app = web.Application(client_max_size=_LARGEST_BODY)
        app.router.add_route("*", "/{path:.*}", self._handle)
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        port = int(runner.addresses[0][1])
        self.place = Place(port, self._prefix(port))
        # Cookies are the browser's own; redirects are shown to it.
        async with aiohttp.ClientSession(
            cookie_jar=aiohttp.DummyCookieJar(), auto_decompress=True, timeout=aiohttp.ClientTimeout(_SECONDS)
        ) as self._client:
            self._ready.set()
            await self._stop.wait()
        await runner.cleanup()

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        named = self.place.site_of(request.host, request.raw_path)
        if named is None or not self._ours(named[0].host):
            return web.Response(status=404, text=f"{request.host}{request.path} names no domain of this lab.\n")
        site, path = named
        try:
            target = await asyncio.to_thread(self._resolve, site.scheme, site.host, _PORTS[site.scheme])
            return await self._fetched(request, site, path, target)
        except K8slabError as error:
            return web.Response(status=502, text=f"{error.message}\n{error.action}\n")
        except (aiohttp.ClientError, TimeoutError) as error:
            return web.Response(status=502, text=f"{site.host}: the ingress controller did not answer: {error}\n")

    async def _fetched(self, request: web.Request, site: Site, path: str, target: Target) -> web.Response:
        from yarl import URL  # noqa: PLC0415 - comes with aiohttp

        headers = [(name, value) for name, value in request.headers.items() if name.lower() not in _HOP_BY_HOP]
        url = URL(f"{site.scheme}://{target.host}:{target.port}{path}", encoded=True)
        async with self._client.request(
            request.method, url, headers=[*headers, ("Host", site.host)], data=await request.read(),
            allow_redirects=False, ssl=False, server_hostname=site.host if site.scheme == "https" else None,
        ) as answer:  # fmt: skip
            body = await answer.read()
            response = web.Response(status=answer.status, reason=answer.reason)
            for name, value in self._headers(answer.headers.items(), site):
                response.headers.add(name, value)
            if answer.content_type == "text/html":
                body = seen_page(body, site, self.place, self._ours, f"{target.host}:{target.port}").body
            response.body = body
            return response

    def _headers(self, given: Iterable[tuple[str, str]], site: Site) -> Iterable[tuple[str, str]]:
        for name, value in given:
            lowered = name.lower()
            if lowered in _HOP_BY_HOP or lowered == "strict-transport-security":
                continue
            if lowered in ("location", "refresh", "content-location"):
                yield name, seen_url(value, site, self.place, self._ours)
            elif lowered == "set-cookie":
                yield name, seen_cookie(value, site, self.place)
            else:
                yield name, value
