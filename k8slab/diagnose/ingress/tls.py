"""The certificate for the host: its Secret missing, malformed, for another name, expired; or none asked for."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator

from cryptography import x509
from cryptography.x509.oid import ExtensionOID, NameOID

from k8slab.diagnose.findings import Finding
from k8slab.diagnose.ingress.scene import Scene
from k8slab.diagnose.words import in_namespace, listed, near
from k8slab.kube.objects import Obj, name_of
from k8slab.kube.resources import SECRETS
from k8slab.routing.model import CATCH_ALL
from k8slab.snapshot.ingress_doors import host_matches

_SEEN = frozenset({"tls", "ok", "404", "503"})


def tls_findings(scene: Scene) -> Iterator[Finding]:
    """Yield why https is answered with the controller's fake certificate, or with one for another host."""
    if scene.request.scheme != "https" or scene.server.host == CATCH_ALL:
        return
    host, owner = scene.request.server_name, scene.server.owner
    fake = "so the controller serves its own fake certificate, which no client trusts."
    command = in_namespace(f"kubectl describe ingress {owner.name}", owner.namespace)
    if not scene.server.has_tls:
        yield _finding("tls-not-declared", f"No Ingress of {host} has a tls section, {fake}", command, "spec.tls: none")
        return
    if not scene.server.tls:
        yield _finding(
            "tls-host-not-listed",
            f"The tls section lists no Secret for {host}, {fake}",
            command,
            f"Ingress {owner.path} spec.tls",
        )
        return
    namespace, _, name = scene.server.tls.partition("/")
    if SECRETS.qualified_name not in scene.snapshot.objects or scene.snapshot.gap(SECRETS, namespace):
        return
    secret = scene.snapshot.get(SECRETS, name, namespace)
    looking = in_namespace("kubectl get secrets", namespace)
    shown = f"spec.tls secretName: {name}"
    if secret is None:
        like = near(name, [name_of(entry) for entry in scene.snapshot.list(SECRETS, namespace)])
        hint = f" There is one called {like}." if like else ""
        yield _finding(
            "tls-secret-missing",
            f"The Secret {name} does not exist in namespace {namespace}, {fake}{hint}",
            looking,
            shown,
        )
        return
    problem = _problem(scene, secret, host)
    if problem:
        yield _finding(
            problem[0], f"{problem[1]}, {fake}", in_namespace(f"kubectl describe secret {name}", namespace), shown
        )


def _problem(scene: Scene, secret: Obj, host: str) -> tuple[str, str] | None:
    name, data = name_of(secret), secret.get("data") or {}
    missing = [key for key in ("tls.crt", "tls.key") if key not in data]
    if missing:
        return "tls-secret-malformed", f"The Secret {name} has no key {listed(missing)} (it has {listed(data)})"
    try:
        certificate = x509.load_pem_x509_certificate(base64.b64decode(data["tls.crt"], validate=True))
    except (ValueError, binascii.Error):
        return "tls-secret-malformed", f"tls.crt of the Secret {name} is no certificate in PEM form"
    names = certificate_names(certificate)
    if not any(host_matches(entry, host) for entry in names):
        return "tls-certificate-other-host", f"The certificate in Secret {name} is for {listed(names)}, not for {host}"
    if certificate.not_valid_after_utc < scene.snapshot.taken_at:
        return (
            "tls-certificate-expired",
            f"The certificate in Secret {name} expired on {certificate.not_valid_after_utc:%Y-%m-%d}",
        )
    return None


def certificate_names(certificate: x509.Certificate) -> list[str]:
    """Return the host names of a certificate, in lower case; the common name only where no others stand."""
    try:
        found = certificate.extensions.get_extension_for_oid(ExtensionOID.SUBJECT_ALTERNATIVE_NAME).value
        if isinstance(found, x509.SubjectAlternativeName):
            return [str(name).lower() for name in found.get_values_for_type(x509.DNSName)]
    except x509.ExtensionNotFound:
        pass
    return [str(entry.value).lower() for entry in certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)]


def _finding(cause: str, text: str, command: str, shown: str) -> Finding:
    return Finding(cause, text, command, (shown,), _SEEN, doubt=True)
