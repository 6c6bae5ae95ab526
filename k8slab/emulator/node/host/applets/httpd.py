"""Apache's httpd as its official image runs it: the files of ``/usr/local/apache2/htdocs`` (hub.docker.com/_/httpd)."""

from __future__ import annotations

import asyncio
import html
import mimetypes
import posixpath
import signal
import time
from collections.abc import Mapping
from urllib.parse import unquote, urlsplit

from k8slab.emulator.node.host.context import Streamset
from k8slab.emulator.node.host.http_server import Request, Response, serve_with
from k8slab.emulator.node.host.shell.interpreter import Applet, Shell

_DOCUMENTS = "/usr/local/apache2/htdocs"
_SERVER = "Apache/2.4.66 (Unix)"
_REASONS = {403: ("Forbidden", "You don't have permission to access this resource."),
            404: ("Not Found", "The requested URL was not found on this server."),
            405: ("Method Not Allowed", "The requested method is not allowed for this URL.")}  # fmt: skip
_ENDINGS = {
    int(signal.SIGWINCH): "AH00492: caught SIGWINCH, shutting down gracefully",
    int(signal.SIGTERM): "AH00491: caught SIGTERM, shutting down",
}


class _Httpd:
    def __init__(self, shell: Shell, streams: Streamset) -> None:
        self._shell = shell
        self._streams = streams
        self._ended: asyncio.Future[int] = asyncio.get_running_loop().create_future()

    async def run(self) -> int:
        address = self._shell.context.address
        warning = (
            f"AH00558: httpd: Could not reliably determine the server's fully qualified domain name, using {address}. "
            "Set the 'ServerName' directive globally to suppress this message\n"
        )
        await self._streams.err((warning * 2).encode())
        await self._shell.context.network.listen(80, serve_with(self._answer))
        await self._note("mpm_event", f"AH00489: {_SERVER} configured -- resuming normal operations")
        await self._note("core", "AH00094: Command line: 'httpd -D FOREGROUND'")
        came: list[int] = []

        def handler(number: int) -> bool:
            if number in _ENDINGS and not self._ended.done():
                came.append(number)
                self._ended.set_result(0)
            return number in _ENDINGS

        self._shell.state.process.handler = handler
        code = await self._ended
        await self._note("mpm_event", _ENDINGS[came[0]])
        return code

    async def _note(self, module: str, text: str) -> None:
        stamp = time.strftime("%a %b %d %H:%M:%S.000000 %Y", time.gmtime())
        await self._streams.err(f"[{stamp}] [{module}:notice] [pid 1:tid 1] {text}\n".encode())

    async def _answer(self, request: Request) -> Response:
        made = self._response(request)
        stamp = time.strftime("%d/%b/%Y:%H:%M:%S +0000", time.gmtime())
        size = len(made.body) or "-"
        who = request.client.partition(":")[0]
        line = f'{who} - - [{stamp}] "{request.method} {request.target} {request.version}" {made.status} {size}\n'
        await self._streams.out(line.encode(errors="replace"))
        return made

    def _response(self, request: Request) -> Response:
        if request.method not in ("GET", "HEAD"):
            return self._error(405)
        path = posixpath.normpath("/" + unquote(urlsplit(request.target).path).lstrip("/"))
        place = posixpath.join(_DOCUMENTS, path.lstrip("/")).rstrip("/")
        tree = self._shell.tree
        if tree.is_folder(place):
            if not request.target.partition("?")[0].endswith("/"):
                return Response("", 301, "text/html; charset=iso-8859-1", {"Server": _SERVER, "Location": f"{path}/"})
            if not tree.exists(f"{place}/index.html"):
                return self._index(path, tree.names(place))
            place += "/index.html"
        if not tree.exists(place):
            return self._error(404)
        try:
            entry, data = tree.entry(place), tree.read(place)
        except OSError:
            return self._error(403)
        changed = time.strftime("%a, %d %b %Y %H:%M:%S GMT", time.gmtime(entry.modified))
        headers = {"Server": _SERVER, "Last-Modified": changed, "Accept-Ranges": "bytes"}
        return Response(data, 200, mimetypes.guess_type(place)[0] or "text/plain", headers)

    def _index(self, path: str, names: list[str]) -> Response:
        rows = "".join(f'<li><a href="{html.escape(name)}"> {html.escape(name)}</a></li>\n' for name in names)
        title = f"Index of {html.escape(path)}"
        text = (
            '<!DOCTYPE HTML PUBLIC "-//W3C//DTD HTML 3.2 Final//EN">\n<html>\n <head>\n'
            f"  <title>{title}</title>\n </head>\n <body>\n<h1>{title}</h1>\n<ul>{rows}</ul>\n</body></html>\n"
        )
        return Response(text, 200, "text/html;charset=UTF-8", {"Server": _SERVER})

    def _error(self, status: int) -> Response:
        title, words = _REASONS[status]
        text = (
            '<!DOCTYPE HTML PUBLIC "-//IETF//DTD HTML 2.0//EN">\n<html><head>\n'
            f"<title>{status} {title}</title>\n</head><body>\n<h1>{title}</h1>\n<p>{words}</p>\n</body></html>\n"
        )
        return Response(text, status, "text/html; charset=iso-8859-1", {"Server": _SERVER})


async def httpd(shell: Shell, arguments: list[str], streams: Streamset) -> int:
    """Serve until told to end; ``-v`` tells the version, ``-t`` the state of the configuration."""
    if "-v" in arguments:
        await streams.out(f"Server version: {_SERVER}\n".encode())
        return 0
    if "-t" in arguments:
        await streams.err(b"Syntax OK\n")
        return 0
    return await _Httpd(shell, streams).run()


TABLE: Mapping[str, Applet] = {"httpd": httpd, "httpd-foreground": httpd, "apachectl": httpd}
