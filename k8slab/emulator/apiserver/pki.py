"""The cluster's own certificate authority: one CA, one serving certificate, one administrator's certificate.

Files live in one folder, keys with mode 0600; what is there is used again, so that kubeconfigs stay valid.
"""

from __future__ import annotations

import datetime as dt
import ipaddress
import os
import secrets
import ssl
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from k8slab.clock import Clock

_YEARS = dt.timedelta(days=3650)
_SERVER_NAMES = (
    "localhost",
    "kubernetes",
    "kubernetes.default",
    "kubernetes.default.svc",
    "kubernetes.default.svc.cluster.local",
)
_SERVER_ADDRESSES = ("127.0.0.1", "10.96.0.1", "172.18.0.2")


@dataclass(frozen=True, slots=True)
class Pki:
    """The folder with certificate and key of ``ca``, ``server`` and ``admin`` (``.crt``, ``.key``), and ``token``."""

    folder: Path

    @property
    def ca(self) -> str:
        """Return the CA certificate as PEM."""
        return (self.folder / "ca.crt").read_text()

    def read(self, name: str) -> bytes:
        """Return a file of the folder."""
        return (self.folder / name).read_bytes()

    @property
    def token(self) -> str:
        """Return the administrator's bearer token."""
        return (self.folder / "token").read_text().strip()

    def server_context(self) -> ssl.SSLContext:
        """Return the TLS settings of the server: certificates of clients are optional but must be the CA's."""
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=str(self.folder / "ca.crt"))
        context.load_cert_chain(self.folder / "server.crt", self.folder / "server.key")
        context.verify_mode = ssl.CERT_OPTIONAL
        return context


def ensure_pki(folder: Path, clock: Clock) -> Pki:
    """Return the folder's certificates, made when something is missing. Raises ``OSError``."""
    pki = Pki(folder)
    wanted = ("ca.crt", "ca.key", "server.crt", "server.key", "admin.crt", "admin.key", "token")
    if not all((folder / name).is_file() for name in wanted):
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        _Maker(folder, clock.now()).make_all()
    return pki


def signing_key(folder: Path) -> bytes:
    """Return the private key that signs ServiceAccount tokens, as PEM; made when it is first asked for."""
    path = folder / "sa.key"
    if not path.is_file():
        from cryptography.hazmat.primitives import serialization  # noqa: PLC0415 - see _Maker
        from cryptography.hazmat.primitives.asymmetric import ec  # noqa: PLC0415

        key = ec.generate_private_key(ec.SECP256R1())
        form, none = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        write_private(path, key.private_bytes(serialization.Encoding.PEM, form, none))
    return path.read_bytes()


def write_private(path: Path, data: bytes) -> None:
    """Write a file of mode 0600 in one step: readers see the old content or the new."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as stream:
        stream.write(data)
    temporary.replace(path)


class _Maker:
    """Makes the files; ``cryptography`` is loaded only here, at a cluster's first start."""

    def __init__(self, folder: Path, now: dt.datetime) -> None:
        from cryptography import x509  # noqa: PLC0415 - 60 ms that later starts need not wait for
        from cryptography.hazmat.primitives import hashes, serialization  # noqa: PLC0415
        from cryptography.hazmat.primitives.asymmetric import ec  # noqa: PLC0415

        self._x509, self._hashes, self._serialization, self._ec = x509, hashes, serialization, ec
        self._folder = folder
        self._now = now

    def make_all(self) -> None:
        x509 = self._x509
        ca_key = self._ec.generate_private_key(self._ec.SECP256R1())
        ca_name = self._name("kubernetes", ())
        ca = self._builder(ca_name, ca_name, ca_key).add_extension(
            x509.BasicConstraints(ca=True, path_length=None), True
        )
        usage = x509.KeyUsage(True, False, True, False, False, True, True, False, False)
        signed = ca.add_extension(usage, True).sign(ca_key, self._hashes.SHA256())
        self._write("ca", signed, ca_key)
        addresses = [x509.IPAddress(ipaddress.ip_address(text)) for text in _SERVER_ADDRESSES]
        names = x509.SubjectAlternativeName([*[x509.DNSName(name) for name in _SERVER_NAMES], *addresses])
        self._leaf("server", self._name("kube-apiserver", ()), ca_name, ca_key, names)
        self._leaf("admin", self._name("kubernetes-admin", ("kubeadm:cluster-admins",)), ca_name, ca_key, None)
        write_private(self._folder / "token", secrets.token_urlsafe(32).encode() + b"\n")

    def _name(self, common: str, organizations: Sequence[str]) -> Any:
        x509 = self._x509
        oid = x509.oid.NameOID
        parts = [x509.NameAttribute(oid.ORGANIZATION_NAME, name) for name in organizations]
        return x509.Name([*parts, x509.NameAttribute(oid.COMMON_NAME, common)])

    def _builder(self, subject: Any, issuer: Any, key: Any) -> Any:
        return (
            self._x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(issuer)
            .public_key(key.public_key())
            .serial_number(self._x509.random_serial_number())
            .not_valid_before(self._now - dt.timedelta(hours=1))
            .not_valid_after(self._now + _YEARS)
        )

    def _leaf(self, name: str, subject: Any, issuer: Any, ca_key: Any, names: Any) -> None:
        x509 = self._x509
        key = self._ec.generate_private_key(self._ec.SECP256R1())
        purpose = x509.oid.ExtendedKeyUsageOID
        usage = x509.ExtendedKeyUsage([purpose.SERVER_AUTH if names else purpose.CLIENT_AUTH])
        builder = self._builder(subject, issuer, key).add_extension(usage, False)
        if names is not None:
            builder = builder.add_extension(names, False)
        self._write(name, builder.sign(ca_key, self._hashes.SHA256()), key)

    def _write(self, name: str, certificate: Any, key: Any) -> None:
        serialization = self._serialization
        private = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        write_private(self._folder / f"{name}.key", private)
        write_private(self._folder / f"{name}.crt", certificate.public_bytes(serialization.Encoding.PEM))
