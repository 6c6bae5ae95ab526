"""kube-webhook-certgen: makes a certificate into a Secret, and tells the webhook configurations to trust it."""

from __future__ import annotations

import asyncio
import base64
import datetime as dt
from collections.abc import Mapping

from k8slab.clock import Clock
from k8slab.emulator.api import Api, ContainerLog, ContainerSpec, ExecRequest, ExecStreams
from k8slab.kube.objects import Obj
from k8slab.kube.resources import MUTATING_WEBHOOKS, SECRETS, VALIDATING_WEBHOOKS, Resource
from k8slab.kube.status import ApiError

_START_SECONDS, _LOOK_SECONDS = 3.0, 0.05
_YEARS = dt.timedelta(days=36500)


class CertgenProgram:
    """``emulator.api.Program`` for the image ingress-nginx/kube-webhook-certgen."""

    def __init__(self, api: Api, clock: Clock) -> None:
        self._api = api
        self._clock = clock

    async def start(self, spec: ContainerSpec, log: ContainerLog) -> CertgenContainer:
        """Run one command: ``create`` or ``patch``."""
        words = [word for word in (*spec.command, *spec.args) if not word.startswith("/")]
        options = {
            name.lstrip("-"): value for name, _, value in (word.partition("=") for word in words if word[:1] == "-")
        }
        command = next((word for word in words if not word.startswith("-")), "")
        old = spec.image.rpartition(":")[2].startswith(("v1.0", "v1.2", "v1.3", "v1.5.0", "v1.5.1"))
        return CertgenContainer(asyncio.create_task(self._run(command, options, log, old=old)))

    async def _run(self, command: str, options: Mapping[str, str], log: ContainerLog, *, old: bool) -> int:
        tell = _Teller(log, self._clock)
        try:
            if command == "create":
                await self._create(options, tell)
            elif command == "patch":
                await self._patch(options, tell, old=old)
            else:
                tell("error", f'unknown command "{command}" for "kube-webhook-certgen"')
                return 1
        except (ApiError, LookupError) as error:
            tell("fatal", str(error))
            return 1
        return 0

    async def _create(self, options: Mapping[str, str], tell: _Teller) -> None:
        namespace, name = options["namespace"], options["secret-name"]
        tell("info", f"getting secret '{name}' in namespace '{namespace}'")
        if await self._secret(namespace, name) is not None:
            tell("info", "secret already exists")
            return
        tell("info", "creating new secret")
        data = _certificates(options["host"].split(","), self._clock.now())
        keys = {"ca": options.get("ca-name", "ca"), "cert": options.get("cert-name", "cert"),
                "key": options.get("key-name", "key")}  # fmt: skip
        body = {keys[part]: base64.b64encode(content).decode() for part, content in data.items()}
        meta = {"name": name, "namespace": namespace}
        await self._api.create(SECRETS, {"apiVersion": "v1", "kind": "Secret", "metadata": meta, "data": body})

    async def _secret(self, namespace: str, name: str) -> Obj | None:
        try:
            return await self._api.get(SECRETS, namespace, name)
        except ApiError as error:
            if error.reason == "NotFound":
                return None
            raise

    async def _patch(self, options: Mapping[str, str], tell: _Teller, *, old: bool) -> None:
        namespace, name, webhook = options["namespace"], options["secret-name"], options["webhook-name"]
        tell("info", f"patching webhook configurations '{webhook}' mutating={options.get('patch-mutating', 'true')}, "
                     f"validating={options.get('patch-validating', 'true')}, "
                     f"failurePolicy={options.get('patch-failure-policy', '')}")  # fmt: skip
        if old:
            # These versions speak admissionregistration.k8s.io/v1beta1, which no server of today has.
            raise LookupError("failed getting validating webhook: the server could not find the requested resource")
        secret = await self._secret(namespace, name)
        if secret is None:
            raise LookupError(f"no secret with '{name}' in '{namespace}'")
        bundle = secret["data"]["ca"]
        kinds = (("patch-mutating", MUTATING_WEBHOOKS), ("patch-validating", VALIDATING_WEBHOOKS))
        for option, resource in kinds:
            if options.get(option, "true") != "true":
                continue
            found = await self._appeared(resource, webhook)
            for entry in found.get("webhooks") or []:
                entry["clientConfig"]["caBundle"] = bundle
                if options.get("patch-failure-policy"):
                    entry["failurePolicy"] = options["patch-failure-policy"]
            await self._api.update(resource, found)
        tell("info", "Patched hook(s)")

    async def _appeared(self, resource: Resource, name: str) -> Obj:
        """Return a webhook configuration; raises ``ApiError`` 404 when it does not appear while a real pod would start.

        A real container starts seconds after its Job was created; the rest of the manifest is there by then.
        """
        # The tool's ClusterRole lets it get and update, not watch.
        for _ in range(int(_START_SECONDS / _LOOK_SECONDS)):
            try:
                return await self._api.get(resource, "", name)
            except ApiError as error:
                if error.reason != "NotFound":
                    raise
            await self._clock.sleep(_LOOK_SECONDS)
        return await self._api.get(resource, "", name)


class _Teller:
    def __init__(self, log: ContainerLog, clock: Clock) -> None:
        self._log = log
        self._clock = clock

    def __call__(self, level: str, message: str) -> None:
        stamp = self._clock.now().strftime("%Y-%m-%dT%H:%M:%SZ")
        self._log.write("stderr", f'time="{stamp}" level={level} msg="{message}"\n'.encode())


class CertgenContainer:
    """One run of the tool."""

    def __init__(self, running: asyncio.Task[int]) -> None:
        self._running = running

    async def wait(self) -> int:
        """Return the exit code."""
        try:
            return await asyncio.shield(self._running)
        except asyncio.CancelledError:
            if self._running.cancelled():
                return 143
            raise

    async def stop(self, grace_seconds: float) -> None:  # noqa: ARG002 - it ends at once
        """End it."""
        self._running.cancel()
        await asyncio.gather(self._running, return_exceptions=True)

    async def exec(self, request: ExecRequest, streams: ExecStreams) -> int:
        """Refuse: the image has no shell."""
        await streams.write_stderr(f'exec: "{request.command[0]}": executable file not found in $PATH\n'.encode())
        return 126


def _certificates(hosts: list[str], now: dt.datetime) -> dict[str, bytes]:
    """Return ``ca``, ``cert`` and ``key`` as PEM."""
    from cryptography import x509  # noqa: PLC0415 - 60 ms that only this needs
    from cryptography.hazmat.primitives import hashes, serialization  # noqa: PLC0415
    from cryptography.hazmat.primitives.asymmetric import ec  # noqa: PLC0415

    def name(text: str) -> x509.Name:
        return x509.Name([x509.NameAttribute(x509.oid.NameOID.ORGANIZATION_NAME, text)])

    def builder(subject: x509.Name, key: ec.EllipticCurvePrivateKey) -> x509.CertificateBuilder:
        return (
            x509.CertificateBuilder().subject_name(subject).issuer_name(name("nil1")).public_key(key.public_key())
            .serial_number(x509.random_serial_number()).not_valid_before(now - dt.timedelta(minutes=5))
            .not_valid_after(now + _YEARS)
        )  # fmt: skip

    authority, own = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    constraints = x509.BasicConstraints(ca=True, path_length=None)
    ca = builder(name("nil1"), authority).add_extension(constraints, critical=True).sign(authority, hashes.SHA256())
    names = x509.SubjectAlternativeName([x509.DNSName(host) for host in hosts])
    cert = builder(name("nil2"), own).add_extension(names, critical=False).sign(authority, hashes.SHA256())
    pem = serialization.Encoding.PEM
    private = own.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return {"ca": ca.public_bytes(pem), "cert": cert.public_bytes(pem), "key": private}
