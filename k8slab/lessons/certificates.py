"""A self-signed certificate for a lesson's domain: ``%lab certificate demo.example.test``."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from k8slab.errors import CommandError

_HOST = re.compile(r"(\*\.)?[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)+")
_DAYS = 90


def write_certificate(hosts: list[str], folder: Path) -> tuple[Path, Path]:
    """Write ``HOST.crt`` and ``HOST.key`` (PEM, mode 0600) for the hosts, named after the first; return both paths.

    Files that are there already are kept. Raises ``CommandError`` for what is no host name.
    """
    for host in hosts or [""]:
        if len(host) > 64 or not _HOST.fullmatch(host):  # noqa: PLR2004 - the longest common name (RFC 5280)
            raise CommandError(f"{host!r} is not a host name.", "For example: %lab certificate demo.example.test")
    name = hosts[0].replace("*", "wildcard")
    files = (folder / f"{name}.crt", folder / f"{name}.key")
    if all(file.exists() for file in files):
        return files
    certificate, key = _made(hosts)
    for file, data in zip(files, (certificate, key), strict=True):
        file.unlink(missing_ok=True)  # half a pair is of no use
        file.touch(mode=0o600)
        file.write_bytes(data)
    return files


def _made(hosts: list[str]) -> tuple[bytes, bytes]:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, hosts[0])])
    now = datetime.now(UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(minutes=5))
        .not_valid_after(now + timedelta(days=_DAYS))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(host) for host in hosts]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
    )
    encoding = serialization.Encoding.PEM
    pem = key.private_bytes(encoding, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return builder.sign(key, hashes.SHA256()).public_bytes(encoding), pem
