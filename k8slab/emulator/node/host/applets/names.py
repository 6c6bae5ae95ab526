"""Commands that ask the name server: nslookup (busybox's form) and dig (BIND's)."""

from __future__ import annotations

import asyncio
import ipaddress
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from k8slab.emulator.node.host.applets.arguments import UsageError
from k8slab.emulator.node.host.context import NetworkError, Streamset
from k8slab.emulator.node.host.shell.interpreter import Applet, Shell

_KINDS = frozenset({"A", "AAAA", "CNAME", "SRV", "PTR", "ANY", "NS", "TXT", "MX", "SOA"})
_TTL = 30
_PATIENCE = 5.0
Answer = list[tuple[str, str, str]] | None


@dataclass(slots=True)
class Resolver:
    """What ``/etc/resolv.conf`` says."""

    servers: list[str] = field(default_factory=list)
    search: list[str] = field(default_factory=list)
    ndots: int = 1


def resolver_of(shell: Shell) -> Resolver:
    """Read the pod's ``/etc/resolv.conf``."""
    made = Resolver()
    try:
        text = shell.tree.read("/etc/resolv.conf").decode(errors="replace")
    except OSError:
        text = ""
    for line in text.splitlines():
        words = line.split()
        if words[:1] == ["nameserver"]:
            made.servers += words[1:2]
        elif words[:1] == ["search"]:
            made.search = words[1:]
        elif words[:1] == ["options"]:
            found = re.search(r"ndots:(\d+)", line)
            made.ndots = int(found[1]) if found else made.ndots
    return made


def reversed_name(text: str) -> str:
    """Return the name that an address is asked for under; empty when the text is no address."""
    try:
        return ipaddress.ip_address(text).reverse_pointer
    except ValueError:
        return ""


async def nslookup(shell: Shell, arguments: list[str], streams: Streamset) -> int:
    """Ask for a name, as busybox does: a name with a dot as it is, another one in each search domain."""
    kinds, words = _nslookup_words(arguments[1:])
    if not words:
        raise UsageError("usage: nslookup [-type=QUERY_TYPE] [-debug] HOST [DNS_SERVER]")
    resolver, name = resolver_of(shell), words[0]
    server = words[1] if words[1:] else (resolver.servers or ["127.0.0.1"])[0]
    await streams.out(f"Server:\t\t{server}\nAddress:\t{server}:53\n\n".encode())
    pointer = reversed_name(name)
    if pointer:
        names, kinds = [pointer], ["PTR"]
    else:
        names = [name.rstrip(".")] if "." in name or not resolver.search else [f"{name}.{d}" for d in resolver.search]
    failed = False
    for kind in kinds or ["A", "AAAA"]:
        for asked in names:
            try:
                found = await shell.context.network.records(asked, kind)
            except NetworkError:
                # The real one asks again and waits for five seconds in all.
                await asyncio.sleep(_PATIENCE)
                await streams.out(b";; connection timed out; no servers could be reached\n\n")
                return 1
            failed = failed or found is None
            await streams.out(f"{_nslookup_text(asked, found)}\n".encode())
    return int(failed)


def _nslookup_words(arguments: list[str]) -> tuple[list[str], list[str]]:
    kinds, words = [], []
    for word in arguments:
        match = re.fullmatch(r"-{1,2}(?:type|query|querytype|q)=(\w+)", word)
        if match:
            kinds.append(match[1].upper())
        elif not word.startswith("-"):
            words.append(word)
    unknown = [kind for kind in kinds if kind not in _KINDS]
    if unknown:
        raise UsageError(f'invalid query type "{unknown[0].lower()}"')
    return kinds, words


_FORMS = {
    "A": "Name:\t{name}\nAddress: {data}\n", "AAAA": "Name:\t{name}\nAddress: {data}\n",
    "CNAME": "{name}\tcanonical name = {data}\n", "SRV": "{name}\tservice = {data}\n", "PTR": "{name}\tname = {data}\n",
}  # fmt: skip


def _nslookup_text(asked: str, found: Answer) -> str:
    if found is None:
        return f"** server can't find {asked}: NXDOMAIN\n"
    return "".join(_FORMS.get(kind, "{name}\t{data}\n").format(name=name, data=data) for name, kind, data in found)


async def dig(shell: Shell, arguments: list[str], streams: Streamset) -> int:
    """Ask for a name: ``+short``, ``+search``, ``+noall +answer``, ``-x ADDRESS``, ``@SERVER``, a type."""
    words = [word for word in arguments[1:] if not word.startswith(("+", "@", "-"))]
    flags = {word[1:] for word in arguments[1:] if word.startswith("+")}
    kind = next((word.upper() for word in words if word.upper() in _KINDS), "A")
    names = [word for word in words if word.upper() not in _KINDS]
    if not names:
        names = ["."]
    name = names[-1]
    if "-x" in arguments:
        name, kind = reversed_name(name) or name, "PTR"
    resolver = resolver_of(shell)
    try:
        found, asked = await _dig_asked(shell, name.rstrip("."), kind, resolver if "search" in flags else Resolver())
    except NetworkError:
        await asyncio.sleep(_PATIENCE)
        await streams.out(b";; connection timed out; no servers could be reached\n")
        return 9
    if "short" in flags:
        await streams.out("".join(f"{_data(kind, data)}\n" for _, kind, data in found or []).encode())
        return 0
    lines = [f"{owner}.\t\t{_TTL}\tIN\t{of}\t{_data(of, data)}\n" for owner, of, data in found or []]
    if "noall" in flags:
        await streams.out("".join(lines if "answer" in flags else []).encode())
        return 0
    await streams.out(_dig_text(asked, kind, found, lines, resolver).encode())
    return 0


async def _dig_asked(shell: Shell, name: str, kind: str, resolver: Resolver) -> tuple[Answer, str]:
    qualified = [f"{name}.{domain}" for domain in resolver.search]
    names = [*qualified, name] if name.count(".") < resolver.ndots else [name, *qualified]
    for asked in names if resolver.search else [name]:
        found = await shell.context.network.records(asked, kind)
        if found is not None:
            return found, asked
    return None, name


def _data(kind: str, data: str) -> str:
    return f"{data}." if kind in ("CNAME", "PTR", "SRV") else data


def _dig_text(name: str, kind: str, found: Answer, lines: list[str], resolver: Resolver) -> str:
    status = "NXDOMAIN" if found is None else "NOERROR"
    server = (resolver.servers or ["127.0.0.1"])[0]
    section = f";; ANSWER SECTION:\n{''.join(lines)}\n" if lines else ""
    return (
        f"\n; <<>> DiG 9.18 <<>> {name} {kind}\n;; global options: +cmd\n;; Got answer:\n"
        f";; ->>HEADER<<- opcode: QUERY, status: {status}, id: 1\n"
        f";; flags: qr aa rd; QUERY: 1, ANSWER: {len(lines)}, AUTHORITY: 0, ADDITIONAL: 0\n\n"
        f";; QUESTION SECTION:\n;{name}.\t\tIN\t{kind}\n\n{section}"
        f";; Query time: 0 msec\n;; SERVER: {server}#53({server}) (UDP)\n\n"
    )


TABLE: Mapping[str, Applet] = {"nslookup": nslookup}
DIG: Mapping[str, Applet] = {"dig": dig}
