"""A request for a certificate, from the key to the certificate that the API server takes."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from k8slab.clock import Entropy, ManualClock
from k8slab.emulator.api import Caller
from k8slab.emulator.apiserver.pki import ensure_pki
from k8slab.emulator.apiserver.signing import signer
from k8slab.emulator.controllers.signing import SigningController
from k8slab.emulator.machinery.controller import Desk
from k8slab.emulator.machinery.manager import Manager, run_to_fixed_point
from k8slab.emulator.registry.local import LocalApi
from k8slab.emulator.registry.options import WriteOptions
from k8slab.emulator.registry.registry import Registry
from k8slab.emulator.store import Store
from k8slab.kube.resources import SIGNING_REQUESTS, Catalog
from k8slab.kube.schema import Schema
from k8slab.kube.status import ApiError

NOW = "2026-01-01T00:00:00Z"
APPROVED = {"type": "Approved", "status": "True", "reason": "KubectlApprove", "message": "yes", "lastUpdateTime": NOW}


def request(usages: tuple[str, ...] = ("client auth",), **spec: Any) -> dict[str, Any]:
    key = ec.generate_private_key(ec.SECP256R1())
    names = [
        x509.NameAttribute(x509.NameOID.ORGANIZATION_NAME, "learners"),
        x509.NameAttribute(x509.NameOID.COMMON_NAME, "jane"),
    ]
    made = x509.CertificateSigningRequestBuilder().subject_name(x509.Name(names)).sign(key, hashes.SHA256())
    text = base64.b64encode(made.public_bytes(serialization.Encoding.PEM)).decode()
    wanted = {"request": text, "signerName": "kubernetes.io/kube-apiserver-client", "usages": list(usages), **spec}
    return {"metadata": {"name": "jane"}, "spec": wanted}


@pytest.fixture
def registry() -> Registry:
    return Registry(Store(), Catalog(), Schema.load(), ManualClock(), Entropy(1))


async def answered(registry: Registry, folder: Path, obj: dict[str, Any]) -> dict[str, Any]:
    """Create a request as ``jane-admin``, approve it, and return what the controller makes of it."""
    clock = ManualClock()
    ensure_pki(folder, clock)
    options = WriteOptions(caller=Caller("jane-admin", ("system:authenticated",)))
    made = (await registry.create(SIGNING_REQUESTS, "", obj, options=options)).decode()
    assert made["spec"]["username"] == "jane-admin"
    desk = Desk(LocalApi(registry), clock, Entropy(2))
    manager = Manager(desk, [SigningController(desk, signer(folder, clock))])
    await manager.start()
    decision = {**made, "status": {"conditions": [APPROVED]}}
    await registry.update(SIGNING_REQUESTS, "", "jane", decision, subresource="approval")
    await run_to_fixed_point(manager)
    await manager.stop()
    return registry.get(SIGNING_REQUESTS, "", "jane").decode()


async def test_an_approved_request_gets_a_certificate_of_the_clusters_ca(registry: Registry, tmp_path: Path):
    found = await answered(registry, tmp_path / "pki", request(expirationSeconds=3600))
    certificate = x509.load_pem_x509_certificate(base64.b64decode(found["status"]["certificate"]))
    authority = x509.load_pem_x509_certificate((tmp_path / "pki" / "ca.crt").read_bytes())
    certificate.verify_directly_issued_by(authority)
    with pytest.raises(x509.ExtensionNotFound):
        certificate.extensions.get_extension_for_class(x509.KeyUsage)
    assert certificate.subject.rfc4514_string() == "CN=jane,O=learners"
    assert (certificate.not_valid_after_utc - ManualClock().now()).total_seconds() == 3600


async def test_a_request_for_other_usages_fails(registry: Registry, tmp_path: Path):
    found = await answered(registry, tmp_path / "pki", request(("server auth",)))
    assert "certificate" not in found["status"]
    assert found["status"]["conditions"][1]["reason"] == "SignerValidationFailed"


@pytest.mark.parametrize(
    ("spec", "words"),
    [
        ({"request": "eA=="}, "PEM block type must be CERTIFICATE REQUEST"),
        ({"usages": []}, "spec.usages: Required value"),
        ({"usages": ["fly"]}, 'spec.usages[0]: Unsupported value: "fly"'),
        ({"signerName": "kubernetes.io/legacy-unknown"}, "the legacy signerName is not allowed via this API version"),
        ({"expirationSeconds": 5}, "may not specify a duration less than 600 seconds (10 minutes)"),
    ],
)
async def test_wrong_requests(registry: Registry, spec: dict[str, Any], words: str):
    with pytest.raises(ApiError) as refusal:
        await registry.create(SIGNING_REQUESTS, "", request(**spec))
    assert words in refusal.value.message
