"""busybox's wget over the pod's network, with its words (as a real one of 1.35 prints them)."""

from __future__ import annotations

import asyncio
import getopt
from urllib.parse import urlsplit

from k8slab.emulator.node.host.context import Network, NetworkError, Streamset
from k8slab.emulator.node.host.curl import Answer, CurlError, Files, Options, followed
from k8slab.emulator.node.host.shell.state import UsageError

_LONG = ["spider", "header=", "post-data=", "quiet", "output-document=", "timeout=", "no-check-certificate", "tries=",
         "server-response", "user-agent="]  # fmt: skip
_STARS = "*" * 32


async def wget(network: Network, arguments: list[str], streams: Streamset, files: Files) -> int:
    """Fetch one address; 1 when that fails."""
    options, target = _options(arguments)
    quiet = "quiet" in options.flags
    url = options.urls[0] if "://" in options.urls[0] else f"http://{options.urls[0]}"
    try:
        host, port = urlsplit(url).hostname or "", urlsplit(url).port or (443 if url.startswith("https") else 80)
        address = (await network.resolve(host))[0]
    except ValueError:
        return await _failed(streams, f"bad port spec '{urlsplit(url).netloc}'")
    except NetworkError:
        return await _failed(streams, f"bad address '{urlsplit(url).netloc}'")
    if not quiet:
        await streams.err(f"Connecting to {host} ({address}:{port})\n".encode())
    try:
        limit = float(options.values.get("limit") or 0) or None
        async with asyncio.timeout(limit):
            answer = await followed(network, url, options, streams)
    except TimeoutError:
        return await _failed(streams, "download timed out")
    except CurlError as error:
        words = {7: f"can't connect to remote host ({address}): Connection refused", 28: "download timed out",
                 52: "error getting response"}  # fmt: skip
        return await _failed(streams, words.get(error.code, str(error)))
    return await _received(options, target, url, answer, streams, files)


async def _failed(streams: Streamset, words: str) -> int:
    await streams.err(f"wget: {words}\n".encode())
    return 1


def _options(arguments: list[str]) -> tuple[Options, str]:
    try:
        pairs, urls = getopt.gnu_getopt(arguments, "qO:ST:cP:U:Y:t:", _LONG)
    except getopt.GetoptError as error:
        raise UsageError(error.msg) from error
    if not urls:
        raise UsageError("missing URL")
    options = Options(urls=urls, flags={"silent"}, values={"agent": "Wget"}, headers=["Connection: close"])
    target = ""
    for name, value in pairs:
        if name in ("-O", "--output-document"):
            target = value
        elif name == "--header":
            options.headers.append(value)
        elif name in ("-q", "--quiet", "-S", "--server-response", "--spider", "--no-check-certificate"):
            known = {"-q": "quiet", "-S": "server-response", "--no-check-certificate": "insecure"}
            options.flags.add(known.get(name, name.lstrip("-")))
        else:
            kinds = {"-T": "limit", "--timeout": "limit", "--post-data": "data", "-U": "agent", "--user-agent": "agent"}
            kind = kinds.get(name, name)
            if kind == "data":
                options.data = value.encode()
            options.values[kind] = value
    return options, target


async def _received(options: Options, target: str, url: str, answer: Answer, streams: Streamset, files: Files) -> int:
    lines = answer.head.decode("latin-1").strip().split("\r\n")
    if "server-response" in options.flags:
        await streams.err("".join(f"  {line}\n" for line in [*lines, ""]).encode())
    if answer.status >= 400:  # noqa: PLR2004 - the first status of an error
        return await _failed(streams, f"server returned error: {lines[0]}")
    if "spider" in options.flags:
        if "quiet" not in options.flags:
            await streams.err(b"remote file exists\n")
        return 0
    if target == "-":
        await streams.out(answer.body)
        shown, done = "writing to stdout", "written to stdout"
        name = "-"
    else:
        name = target or urlsplit(url).path.rpartition("/")[2] or "index.html"
        try:
            files.save(name, answer.body)
        except OSError as error:
            return await _failed(streams, f"can't open '{name}': {error.strerror}")
        shown, done = f"saving to '{name}'", f"'{name}' saved"
    if "quiet" not in options.flags:
        short = name.rpartition("/")[2][:20]
        bar = f"{short:<20} 100% |{_STARS}|{len(answer.body):6d}  0:00:00 ETA"
        await streams.err(f"{shown}\n{bar}\n{done}\n".encode())
    return 0
