"""The composition root: it alone knows every part of the embedded cluster."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar
from urllib.parse import urlsplit

from k8slab.clock import Clock, Entropy, SystemClock
from k8slab.emulator.api import Api, Caller, Program
from k8slab.emulator.apiserver.authentication import Authenticator
from k8slab.emulator.apiserver.authorization.authorizer import Authorizer
from k8slab.emulator.apiserver.authorization.rules import Rules
from k8slab.emulator.apiserver.fabric_door import FabricDoor
from k8slab.emulator.apiserver.kubeconfig import write_kubeconfig
from k8slab.emulator.apiserver.pki import Pki, ensure_pki, signing_key
from k8slab.emulator.apiserver.pod_accounts import AccountProgram
from k8slab.emulator.apiserver.server import HttpsServer
from k8slab.emulator.apiserver.services import Services
from k8slab.emulator.apiserver.signing import signer
from k8slab.emulator.apiserver.webhooks.admission import WebhookAdmission
from k8slab.emulator.controllers import SERVER_ADDRESS, SERVER_PORT, bootstrap, controller_manager, serve_definitions
from k8slab.emulator.ingress.certgen import CertgenProgram
from k8slab.emulator.ingress.gateway.program import GatewayProgram
from k8slab.emulator.ingress.program import IngressProgram, Parts
from k8slab.emulator.machinery.manager import Manager
from k8slab.emulator.network.fabric import VirtualNetwork
from k8slab.emulator.node.host_client import ProgramHost
from k8slab.emulator.node.kubelet import Kubelet
from k8slab.emulator.node.programs import build_programs
from k8slab.emulator.registry.local import LocalApi
from k8slab.emulator.registry.registry import Registry
from k8slab.emulator.registry.tokens import TokenIssuer
from k8slab.emulator.store import Store
from k8slab.errors import ClusterError
from k8slab.kube.objects import Obj
from k8slab.kube.resources import DEFINITIONS, Catalog
from k8slab.kube.schema import Schema

_RUN_PREFIX = "k8slab-"
_Result = TypeVar("_Result")


@dataclass(frozen=True, slots=True)
class _Accounts:
    """The API, and programs that use it in the name of their pods."""

    api: LocalApi
    authorizer: Authorizer
    authenticator: Authenticator

    def program(self, manager: str, make: Callable[[Api], Program]) -> Program:
        """Return a program whose writes carry ``manager`` as their field manager."""
        return AccountProgram(make, self.api.managed_by(manager), self.authorizer, self.authenticator.of_token)


class Cluster:
    """One embedded cluster: store, API server, controllers, network and node in one event loop.

    ``folder`` keeps what outlives the process. ``used`` is called for each request to the API.
    """

    def __init__(
        self,
        name: str,
        folder: Path,
        *,
        clock: Clock | None = None,
        entropy: Entropy | None = None,
        port: int | None = None,
        used: Callable[[], None] = lambda: None,
    ) -> None:
        self._name = name
        self._folder = folder
        self._clock = clock or SystemClock()
        self._entropy = entropy or Entropy()
        self._port = port
        self._used = used
        self._run_dir: Path | None = None
        self._store: Store | None = None
        self._server: HttpsServer | None = None
        self._door: FabricDoor | None = None
        self._network: VirtualNetwork | None = None
        self._manager: Manager | None = None
        self._kubelet: Kubelet | None = None
        self._host: ProgramHost | None = None

    async def start(self) -> str:
        """Start everything; return the API server's URL when it answers. Raises ``ClusterError``."""
        pki = self._prepared(lambda: ensure_pki(self._folder / "pki", self._clock))
        # Short and private: a unix socket's path may have no more than 107 bytes.
        self._run_dir = self._prepared(self._new_run_dir)
        self._store = Store(self._folder / "store.db")
        catalog, schema = Catalog(), Schema.load()
        tokens = TokenIssuer(lambda: signing_key(pki.folder), self._clock, self._entropy)
        registry = Registry(self._store, catalog, schema, self._clock, self._entropy, tokens)
        authenticator = Authenticator(
            {pki.token: Caller("kubernetes-admin", ("system:masters", "system:authenticated"))},
            lambda token: tokens.caller(token, registry.lookup),
        )
        authorizer = Authorizer(Rules(registry))
        accounts = _Accounts(LocalApi(registry), authorizer, authenticator)
        kubelet = await self._start_parts(accounts, catalog, pki, self._run_dir)
        services = Services(
            registry, catalog, schema, self._clock, authenticator, authorizer,
            pods=kubelet.access,
            dialer=self._network,
            admission=self._admission(registry),
            extras={"/k8slab/v1/ports": self._ports},
            used=self._used,
        )  # fmt: skip
        self._server = HttpsServer(services, pki.server_context(), self._folder / "port", self._port)
        url = await self._server.start()
        await self._open_to_pods(url)
        context = f"k8slab-{self._name}" if self._name != "k8slab" else "k8slab"
        self._prepared(lambda: write_kubeconfig(self._folder / "kubeconfig", context, url, pki))
        return url

    async def _open_to_pods(self, url: str) -> None:
        """Let pods reach the API server where the endpoints of ``default/kubernetes`` say it is."""
        if self._network is not None and self._run_dir is not None:
            parts = urlsplit(url)
            path = str(self._run_dir / "api")
            self._door = FabricDoor(path, str(parts.hostname), int(parts.port or 0))
            await self._door.start()
            self._network.listen(SERVER_ADDRESS, SERVER_PORT, path)

    def _admission(self, registry: Registry) -> WebhookAdmission | None:
        return WebhookAdmission(registry, self._network, self._entropy) if self._network else None

    def _new_run_dir(self) -> Path:
        """Make the folder for sockets and pods' trees; remove the one that a killed process could not."""
        note = self._folder / "run-dir"
        if note.is_file():
            left = Path(note.read_text().strip())
            if left.parent == Path(tempfile.gettempdir()) and left.name.startswith(_RUN_PREFIX):
                shutil.rmtree(left, ignore_errors=True)
        made = Path(tempfile.mkdtemp(prefix=_RUN_PREFIX))
        note.write_text(f"{made}\n")
        return made

    def _prepared(self, action: Callable[[], _Result]) -> _Result:
        try:
            return action()
        except OSError as error:
            raise ClusterError(
                f"The cluster's folder {self._folder} cannot be written: {error.strerror or error}.",
                "Make room and see that the folder is writable, or set K8SLAB_HOME to another folder.",
            ) from error

    async def _start_parts(self, accounts: _Accounts, catalog: Catalog, pki: Pki, run_dir: Path) -> Kubelet:
        """Start what lives on the API: the network, the controllers, the node."""
        api = accounts.api
        await bootstrap(api.managed_by("kube-apiserver"))
        serve_definitions(catalog, (await api.list(DEFINITIONS)).items)
        self._network = VirtualNetwork(api, run_dir, self._clock, self._entropy)
        await self._network.start()
        sign = signer(pki.folder, self._clock)
        self._manager = controller_manager(api, self._clock, self._entropy, catalog, pki.ca, sign)
        await self._manager.start()
        self._host = ProgramHost(self._network, run_dir)
        network, run_command = self._network, self._host.run_command
        programs = {
            **build_programs(self._network, run_dir, self._host),
            "ingress-nginx": accounts.program(
                "nginx-ingress-controller",
                lambda own: IngressProgram(Parts(own, network, self._clock, run_dir, run_command)),
            ),
            "gateway": accounts.program(
                "gateway-controller",
                lambda own: GatewayProgram(Parts(own, network, self._clock, run_dir, run_command)),
            ),
            "certgen": accounts.program("kube-webhook-certgen", lambda own: CertgenProgram(own, self._clock)),
        }
        self._kubelet = Kubelet(
            api.managed_by("kubelet"), self._network, self._clock, run_dir, programs, self._folder / "node"
        )
        await self._kubelet.start()
        return self._kubelet

    async def _ports(self) -> Obj:
        """Answer which port of 127.0.0.1 stands for each node port."""
        ports = self._network.ports() if self._network else {}
        return {"ports": {str(number): real for number, real in ports.items()}}

    async def stop(self) -> None:
        """Stop everything that was started, the last first; acknowledged writes are kept."""
        if self._server is not None:
            await self._server.stop()
        if self._door is not None:
            await self._door.stop()
        for part in (self._kubelet, self._host, self._manager, self._network):
            if part is not None:
                await part.stop()
        if self._store is not None:
            self._store.close()
        if self._run_dir is not None:
            shutil.rmtree(self._run_dir, ignore_errors=True)
