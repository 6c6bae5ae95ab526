"""Signs certificates with the cluster's CA, as the controller manager does (pkg/controller/certificates/signer)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from k8slab.clock import Clock

# Takes a request in PEM, its usages and for how many seconds it wants the certificate; returns the certificate in PEM.
Sign = Callable[[bytes, Sequence[str], float], bytes]
# crypto/x509/pkix writes a name anew: these attributes in this order, whatever the order of the request was.
_ORDER = ("C", "O", "OU", "L", "ST", "STREET", "POSTALCODE", "CN", "SERIALNUMBER")
_BACKDATE = dt.timedelta(minutes=5)
_KEY_USAGES = ("digital signature", "content commitment", "key encipherment", "data encipherment", "key agreement",
               "cert sign", "crl sign")  # fmt: skip


def signer(folder: Path, clock: Clock) -> Sign:
    """Return what signs with the CA of the folder."""

    def sign(request: bytes, usages: Sequence[str], seconds: float) -> bytes:
        # Loaded when the first request is signed: a start need not wait for it.
        from cryptography import x509  # noqa: PLC0415
        from cryptography.hazmat.primitives import hashes, serialization  # noqa: PLC0415

        authority = x509.load_pem_x509_certificate((folder / "ca.crt").read_bytes())
        key: Any = serialization.load_pem_private_key((folder / "ca.key").read_bytes(), None)
        wanted, now = x509.load_pem_x509_csr(request), clock.now()
        builder = (
            x509.CertificateBuilder()
            .subject_name(_as_go_writes(wanted.subject))
            .issuer_name(authority.subject)
            .public_key(wanted.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - _BACKDATE)
            .not_valid_after(now + dt.timedelta(seconds=seconds))
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        )
        # Go leaves the extension out when no bit is set, and TLS refuses a certificate that may be used for nothing.
        if any(usage in _KEY_USAGES for usage in usages):
            builder = builder.add_extension(_key_usage(x509, usages), critical=True)
        purposes = _purposes(x509, usages)
        if purposes:
            builder = builder.add_extension(x509.ExtendedKeyUsage(purposes), critical=False)
        for extension in wanted.extensions:
            if isinstance(extension.value, x509.SubjectAlternativeName):
                builder = builder.add_extension(extension.value, critical=False)
        signed = builder.sign(key, hashes.SHA256())
        return bytes(signed.public_bytes(serialization.Encoding.PEM))

    return sign


def _as_go_writes(name: Any) -> Any:
    def place(attribute: Any) -> int:
        word = attribute.rfc4514_attribute_name
        return _ORDER.index(word) if word in _ORDER else len(_ORDER)

    return type(name)(sorted(name, key=place))


def _key_usage(x509: Any, usages: Sequence[str]) -> Any:
    return x509.KeyUsage(*(name in usages for name in _KEY_USAGES), False, False)


def _purposes(x509: Any, usages: Sequence[str]) -> list[Any]:
    known = x509.oid.ExtendedKeyUsageOID
    table = {"client auth": known.CLIENT_AUTH, "server auth": known.SERVER_AUTH, "code signing": known.CODE_SIGNING}
    return [purpose for name, purpose in table.items() if name in usages]
