"""The agnhost command: subcommands by name."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping

from k8slab.emulator.node.host.agnhost import small
from k8slab.emulator.node.host.agnhost.guestbook import guestbook
from k8slab.emulator.node.host.agnhost.mounttest import mounttest
from k8slab.emulator.node.host.agnhost.netexec import netexec
from k8slab.emulator.node.host.agnhost.running import Running
from k8slab.emulator.node.host.context import Streamset
from k8slab.emulator.node.host.shell.interpreter import Applet, Shell

VERSION = "2.56"
_SUBCOMMANDS: Mapping[str, Callable[[Running], Awaitable[int]]] = {
    "pause": small.pause, "netexec": netexec, "serve-hostname": small.serve_hostname,
    "test-webserver": small.test_webserver, "liveness": small.liveness, "porter": small.porter,
    "entrypoint-tester": small.entrypoint_tester, "logs-generator": small.logs_generator, "connect": small.connect,
    "dns-suffix": small.dns_suffix, "dns-server-list": small.dns_server_list, "etc-hosts": small.etc_hosts,
    "mounttest": mounttest, "guestbook": guestbook,
}  # fmt: skip
_ELSEWHERE = frozenset({
    "webhook", "crd-conversion-webhook", "inclusterclient", "nettest", "fake-gitserver", "audit-proxy", "net",
    "no-snat-test", "no-snat-test-proxy", "port-forward-tester", "resource-consumer-controller", "grpc-health-checking",
    "test-service-account-issuer-discovery", "tcp-reset", "openidmetadata",
})  # fmt: skip


async def agnhost(shell: Shell, arguments: list[str], streams: Streamset) -> int:
    """Run a subcommand."""
    name = arguments[1] if len(arguments) > 1 else ""
    if name in ("--version", "-v"):
        await streams.out(f"app version {VERSION}\n".encode())
        return 0
    found = _SUBCOMMANDS.get(name)
    if found is not None:
        return await found(Running(shell, streams, arguments[2:]))
    if name in _ELSEWHERE:
        text = f"agnhost {name} is not part of the embedded cluster (it works on kind: %lab start --cluster kind)\n"
        await streams.err(text.encode())
        return 1
    if name and not name.startswith("-"):
        await streams.err(f'Error: unknown command "{name}" for "app"\nRun \'app --help\' for usage.\n'.encode())
        return 1
    words = "".join(f"  {word}\n" for word in sorted(_SUBCOMMANDS))
    await streams.out(f"Usage:\n  app [command]\n\nAvailable Commands:\n{words}".encode())
    return 0


TABLE: Mapping[str, Applet] = {"agnhost": agnhost}
