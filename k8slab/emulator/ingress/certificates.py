"""Certificates for hosts: from Secrets, and the fake one for hosts without."""

from __future__ import annotations

import base64
import datetime as dt
import os
from collections.abc import Mapping
from pathlib import Path

from k8slab.kube.objects import Obj


def write_private(path: Path, data: bytes) -> None:
    """Write a file of mode 0600 in one step."""
    temporary = path.with_name(f".{path.name}")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as stream:
        stream.write(data)
    temporary.replace(path)


def fake_certificate(now: dt.datetime) -> bytes:
    """Return certificate and key as PEM, named as the controller's own fake is."""
    from cryptography import x509  # noqa: PLC0415 - 60 ms that only an ingress needs
    from cryptography.hazmat.primitives import hashes, serialization  # noqa: PLC0415
    from cryptography.hazmat.primitives.asymmetric import ec  # noqa: PLC0415

    key = ec.generate_private_key(ec.SECP256R1())
    oid = x509.oid.NameOID
    name = x509.Name([
        x509.NameAttribute(oid.ORGANIZATION_NAME, "Acme Co"),
        x509.NameAttribute(oid.COMMON_NAME, "Kubernetes Ingress Controller Fake Certificate"),
    ])  # fmt: skip
    builder = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
        .serial_number(x509.random_serial_number()).not_valid_before(now - dt.timedelta(hours=1))
        .not_valid_after(now + dt.timedelta(days=365))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("ingress.local")]), critical=False)
    )  # fmt: skip
    made = builder.sign(key, hashes.SHA256())
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return made.public_bytes(serialization.Encoding.PEM) + private


def usable_pair(secret: Obj | None, host: str) -> bytes:
    """Return certificate and key of a TLS Secret as PEM; nothing when they are wrong or not valid for the host."""
    from cryptography import x509  # noqa: PLC0415

    pair = matching_pair(secret)
    if not pair:
        return b""
    try:
        found = x509.load_pem_x509_certificate(pair)
        names = found.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        listed = names.get_values_for_type(x509.DNSName)
    except (ValueError, x509.ExtensionNotFound):
        return b""
    wildcard = "*." + host.partition(".")[2]
    return pair if host in listed or wildcard in listed else b""


def matching_pair(secret: Obj | None) -> bytes:
    """Return certificate and key of a TLS Secret as PEM; nothing when they do not belong together."""
    from cryptography import x509  # noqa: PLC0415
    from cryptography.hazmat.primitives.serialization import load_pem_private_key  # noqa: PLC0415

    data: Mapping[str, str] = (secret or {}).get("data") or {}
    try:
        certificate, key = (base64.b64decode(data[name]) for name in ("tls.crt", "tls.key"))
        found = x509.load_pem_x509_certificate(certificate)
        if load_pem_private_key(key, None).public_key() != found.public_key():
            return b""
    except (KeyError, ValueError, TypeError):
        return b""
    return certificate.rstrip() + b"\n" + key.rstrip() + b"\n"
