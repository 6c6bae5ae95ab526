"""The ingress: how soon a change shows, and what share of a hand-written nginx proxy's speed is kept."""

from __future__ import annotations

import socket
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil

from k8slab.client.kubectl import Kubectl, find_kubectl
from k8slab.clusters.embedded import EmbeddedProvider
from k8slab.clusters.provider import silent
from k8slab.emulator.ingress.text.files import folder_of
from k8slab.emulator.nginx.process import nginx_binary
from k8slab.errors import ClusterError
from k8slab.lessons.runner import own_home

_MANIFEST = Path(__file__).parents[1] / "lessons" / "04-ingress-nginx" / "manifests" / "ingress-nginx.yaml"
_NODE_PORT = 30880
_PREAMBLE = b"PROXY TCP4 10.244.0.1 10.244.0.2 40000 80\r\n"
_CLIENTS, _REQUESTS, _ROUNDS = 8, 4000, 4
_STATIC = """daemon off; pid {here}/pid; error_log {here}/error; worker_processes 1; {user}
events {{ worker_connections 4096; }}
http {{
  client_body_temp_path {here}/a; proxy_temp_path {here}/b; fastcgi_temp_path {here}/c; uwsgi_temp_path {here}/d;
  scgi_temp_path {here}/e; access_log {here}/access;
  upstream web {{ keepalive 0; {servers} }}
  server {{
    listen unix:{here}/80 proxy_protocol;
    location / {{
      proxy_method "PROXY TCP4 10.244.0.9 0.0.0.0 40000 80\\r\\n$request_method"; proxy_http_version 1.1;
      proxy_set_header Host $host; proxy_set_header X-Forwarded-For $remote_addr; proxy_pass http://web;
    }}
  }}
}}
"""


@dataclass(frozen=True, slots=True)
class Routed:
    """A cluster with a controller, an app of two pods at ``web.test``, and the seconds until its first answer."""

    provider: EmbeddedProvider
    kubectl: Kubectl
    first_answer: float
    port: int

    def ask(self, host: str) -> int:
        """Return the status of one request through the NodePort."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=10) as connection:
            connection.sendall(f"GET / HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode())
            data = b""
            while part := connection.recv(65536):
                data += part
        return int(data.split(b" ")[1]) if data else 0

    def wait(self, host: str, status: int = 200) -> None:
        """Wait until a host answers so."""
        deadline = time.perf_counter() + 30
        while self._status(host) != status:
            if time.perf_counter() > deadline:
                raise TimeoutError(f"{host} never answered {status}")

    def _status(self, host: str) -> int:
        try:
            return self.ask(host)
        except ConnectionError:
            return 0

    def scratch(self) -> Path:
        """Return the controller's folder, which its nginx was started with."""
        root = psutil.Process(self.provider.status().pid)
        commands = [process.cmdline() for process in root.children(recursive=True)]
        return next(Path(words[words.index("-c") + 1]).parent for words in commands if "/i/" in " ".join(words))


@contextmanager
def routed() -> Iterator[Routed]:
    """Start a cluster, install the controller, route an app."""
    with own_home() as home:
        provider = EmbeddedProvider(root=home)
        provider.start(silent)
        try:
            kubectl = Kubectl(provider.kubeconfig(), find_kubectl())
            kubectl.run(["create", "deployment", "web", "--image=nginx", "--replicas=2"])
            kubectl.run(["expose", "deployment", "web", "--port=80"])
            kubectl.run(["rollout", "status", "deployment/web"])
            began = time.perf_counter()
            kubectl.run(["apply", "-f", str(_MANIFEST)])
            _create(kubectl, "web", "web.test")
            port = provider.reach(_NODE_PORT).port
            Routed(provider, kubectl, 0.0, port).wait("web.test")
            taken = time.perf_counter() - began
            time.sleep(0.5)  # a reload's old worker takes connections for another 100 ms
            yield Routed(provider, kubectl, taken, port)
        finally:
            provider.delete(silent)


def _create(kubectl: Kubectl, name: str, host: str) -> None:
    """Create an Ingress; as long as the controller is not ready its webhook refuses, so ask again."""
    deadline = time.perf_counter() + 30
    command = ["create", "ingress", name, "--class=nginx", f"--rule={host}/*=web:80"]
    while True:
        try:
            kubectl.run(command)
        except ClusterError:
            if time.perf_counter() > deadline:
                raise
        else:
            return


def first_answer() -> float:
    """Time from the apply of the controller's manifest to the first routed answer."""
    with routed() as cluster:
        return cluster.first_answer


def change_visible() -> float:
    """Time from an accepted Ingress to its first answer: the median of nine."""
    with routed() as cluster:
        taken = []
        for number in range(9):
            _create(cluster.kubectl, f"n{number}", f"n{number}.test")
            began = time.perf_counter()
            cluster.wait(f"n{number}.test")
            taken.append(time.perf_counter() - began)
        return sorted(taken)[len(taken) // 2]


def cost_over_static() -> float:
    """Return how many times longer a request takes than through a hand-written nginx proxy to the same pods."""
    with routed() as cluster, tempfile.TemporaryDirectory(prefix="k8slab-static-") as folder:
        scratch = cluster.scratch()
        slots = scratch / "u" / folder_of("default-web-80")
        with _static(Path(folder), [str((slots / str(number)).readlink()) for number in (0, 1)]) as static:
            ours, theirs = str(scratch / "80"), static
            rates = [(_rate(ours), _rate(theirs)) for _ in range(_ROUNDS)]
    best = max(rate for rate, _ in rates), max(rate for _, rate in rates)
    print(f"requests/s: ingress {best[0]:.0f}, static nginx {best[1]:.0f}")
    return best[1] / best[0]


@contextmanager
def _static(folder: Path, pods: list[str]) -> Iterator[str]:
    import os  # noqa: PLC0415

    servers = " ".join(f"server unix:{path} max_fails=0;" for path in pods)
    user = "user root;" if os.geteuid() == 0 else ""
    (folder / "nginx.conf").write_text(_STATIC.format(here=folder, servers=servers, user=user))
    command = [nginx_binary(), "-p", str(folder), "-c", str(folder / "nginx.conf"), "-e", "stderr"]
    process = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    try:
        while not (folder / "pid").exists():
            time.sleep(0.01)
        yield str(folder / "80")
    finally:
        process.terminate()
        process.wait()


def _rate(path: str) -> float:
    """Return the requests per second of eight clients with connections that are kept."""
    barrier = threading.Barrier(_CLIENTS + 1)

    def client() -> None:
        with socket.socket(socket.AF_UNIX) as connection:
            connection.connect(path)
            connection.sendall(_PREAMBLE)
            stream = connection.makefile("rb")
            barrier.wait()
            for _ in range(_REQUESTS // _CLIENTS):
                connection.sendall(b"GET / HTTP/1.1\r\nHost: web.test\r\n\r\n")
                size = 0
                while (line := stream.readline()) != b"\r\n":
                    if not line:
                        raise ConnectionError("the connection ended early")
                    if line.lower().startswith(b"content-length:"):
                        size = int(line[15:])
                stream.read(size)

    with ThreadPoolExecutor(_CLIENTS) as pool:
        running = [pool.submit(client) for _ in range(_CLIENTS)]
        barrier.wait()
        began = time.perf_counter()
        for entry in running:
            entry.result()
    return _REQUESTS / (time.perf_counter() - began)


def lost_in_rolling_update() -> float:
    """Return how many of 500 requests a second fail while a Deployment is rolled."""
    with routed() as cluster:
        stop, failed, sent = threading.Event(), [0], [0]

        def send(start: float) -> None:
            due = start
            while not stop.is_set():
                due += _CLIENTS / 500
                time.sleep(max(0.0, due - time.perf_counter()))
                try:
                    failed[0] += cluster.ask("web.test") != 200  # noqa: PLR2004
                except OSError:
                    failed[0] += 1
                sent[0] += 1

        began = time.perf_counter()
        with ThreadPoolExecutor(_CLIENTS) as pool:
            for number in range(_CLIENTS):
                pool.submit(send, began + number / 500)
            cluster.kubectl.run(["rollout", "restart", "deployment/web"])
            cluster.kubectl.run(["rollout", "status", "deployment/web"])
            time.sleep(1)
            stop.set()
        print(f"{sent[0]} requests in {time.perf_counter() - began:.1f} s")
        return float(failed[0])
