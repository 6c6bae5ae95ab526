"""Annotations that the recording does not hold: digest credentials, client certificates, kept sessions, hashes, TLS."""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
import re
import socket
import ssl
import time
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from .conftest import Ingress
from .test_endpoints import rule
from .test_golden import certificate, service, workload
from .vectors import Answer, described, read, send

pytestmark = [pytest.mark.cluster, pytest.mark.timeout(120), pytest.mark.leaves_to_session]
NAMESPACE = "annotations"
SERVICES = ("web", "kept", "hashed", "subset", "digest", "client", "tls", "alias", "busy")


def secret(name: str, **data: bytes) -> dict[str, Any]:
    encoded = {key.replace("_", "."): base64.b64encode(value).decode() for key, value in data.items()}
    return {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name}, "data": encoded}


def signed(name: str, issuer: tuple[x509.Certificate, ec.EllipticCurvePrivateKey] | None = None) -> Any:
    """Return a certificate and its key, signed by an issuer or by itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = dt.datetime.now(dt.UTC)
    made = (
        x509.CertificateBuilder().subject_name(subject).issuer_name(issuer[0].subject if issuer else subject)
        .public_key(key.public_key()).serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1)).not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=issuer is None, path_length=None), critical=True)
        .sign(issuer[1] if issuer else key, hashes.SHA256())
    )  # fmt: skip
    return made, key


def pem(certificate_: x509.Certificate) -> bytes:
    return certificate_.public_bytes(serialization.Encoding.PEM)


AUTHORITY = signed("authority")
CLIENT = signed("jane", AUTHORITY)


@pytest.fixture(scope="module")
def cluster(ingress: Ingress) -> Ingress:
    users = f"jane:Keep out:{hashlib.md5(b'jane:Keep out:secret').hexdigest()}\n"  # noqa: S324 - digest's own
    ingress.kubectl("create", "namespace", NAMESPACE)
    ingress.apply(
        NAMESPACE, *workload("web", {"replicas": 3}), *(service(name, "web") for name in SERVICES),
        secret("users", auth=users.encode()), secret("ca", ca_crt=pem(AUTHORITY[0])),
        certificate("cert", ["tls.test"]),
        rule("web", "web.test", "web"),
        rule("kept", "kept.test", "kept", affinity="cookie", affinity_mode="persistent"),
        rule("hashed", "hashed.test", "hashed", upstream_hash_by="$request_uri"),
        rule("subset", "subset.test", "subset", upstream_hash_by="$host", upstream_hash_by_subset="true",
             upstream_hash_by_subset_size="2"),
        rule("busy", "busy.test", "busy", load_balance="ewma"),
        rule("digest", "digest.test", "digest", auth_type="digest", auth_secret="users", auth_realm="Keep out"),
        rule("client", "client.test", "client", auth_tls_secret=f"{NAMESPACE}/ca",
             auth_tls_pass_certificate_to_upstream="true", ssl_redirect="false"),
        rule("alias", "alias.test", "alias", server_alias=r"~^www\d+\.alias\.test$"),
        rule("later", "later.test", "web", enable_modsecurity="true"),
    )  # fmt: skip
    tls = rule("tls", "tls.test", "tls")
    tls["spec"]["tls"] = [{"hosts": ["tls.test"], "secretName": "cert"}]
    client = rule("client", "client.test", "client", auth_tls_secret=f"{NAMESPACE}/ca", ssl_redirect="false",
                  auth_tls_pass_certificate_to_upstream="true")  # fmt: skip
    client["spec"]["tls"] = [{"hosts": ["client.test"]}]
    ingress.apply(NAMESPACE, tls, client)
    ingress.kubectl("rollout", "status", "-n", NAMESPACE, "deployment/web", "--timeout=30s")
    settle(ingress, "settled")
    return ingress


def settle(cluster: Ingress, name: str) -> None:
    """Wait until what was applied before is served by every worker."""
    cluster.apply(NAMESPACE, rule(name, f"{name}.test", "nowhere"))
    deadline = time.monotonic() + 10
    while ask(cluster, f"{name}.test").status != 503:
        assert time.monotonic() < deadline, f"{name} is not served"
    time.sleep(0.2)


def ask(cluster: Ingress, host: str, path: str = "/", **headers: str) -> Answer:
    return send(cluster.port("http"), {"host": host, "path": path, "headers": headers}, NAMESPACE)


def secure(cluster: Ingress, host: str, context: ssl.SSLContext) -> tuple[Answer, dict[str, str], str | None]:
    plain = socket.create_connection(("127.0.0.1", cluster.port("https")), timeout=10)
    with context.wrap_socket(plain, server_hostname=host) as connection:
        names, protocol = described(connection.getpeercert(binary_form=True)), connection.selected_alpn_protocol()
        if protocol == "h2":
            return Answer(0), names, protocol
        connection.sendall(f"GET / HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode())
        data = b""
        while part := connection.recv(65536):
            data += part
    return read(data), names, protocol


def trusting() -> ssl.SSLContext:
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context


def test_a_persistent_session_stays_with_its_pod(cluster: Ingress):
    first = ask(cluster, "kept.test")
    cookie = first.headers["Set-Cookie"].partition(";")[0]
    later = [ask(cluster, "kept.test", Cookie=cookie) for _ in range(12)]
    assert {answer.pod for answer in later} == {first.pod}
    assert not any("Set-Cookie" in answer.headers for answer in later)


def test_a_hash_keeps_a_key_at_one_pod_and_spreads_keys(cluster: Ingress):
    assert len({ask(cluster, "hashed.test", "/a").pod for _ in range(8)}) == 1
    assert len({ask(cluster, "hashed.test", f"/{number}").pod for number in range(30)}) == 3


def test_a_subset_of_pods_serves_a_key(cluster: Ingress):
    assert len({ask(cluster, "subset.test").pod for _ in range(30)}) == 2


def test_the_less_busy_pod_is_chosen_and_all_serve(cluster: Ingress):
    assert len({ask(cluster, "busy.test").pod for _ in range(40)}) == 3


def test_digest_credentials_open_the_door(cluster: Ingress):
    challenge = ask(cluster, "digest.test", "/x").headers["WWW-Authenticate"]
    nonce = re.search(r'nonce="([^"]+)"', challenge)
    assert nonce is not None

    def answer(password: str) -> int:
        first, second = (hashlib.md5(text.encode()).hexdigest()  # noqa: S324
                         for text in (f"jane:Keep out:{password}", "GET:/x"))  # fmt: skip
        response = hashlib.md5(f"{first}:{nonce[1]}:00000001:c:auth:{second}".encode()).hexdigest()  # noqa: S324
        credentials = (f'Digest username="jane", realm="Keep out", nonce="{nonce[1]}", uri="/x", qop=auth, '
                       f'nc=00000001, cnonce="c", response="{response}"')  # fmt: skip
        return ask(cluster, "digest.test", "/x", Authorization=credentials).status

    assert (answer("secret"), answer("guess")) == (200, 401)


def test_a_client_certificate_is_asked_for_and_passed_on(cluster: Ingress, tmp_path: Path):
    bare, _, _ = secure(cluster, "client.test", trusting())
    assert bare.status == 400
    file = tmp_path / "client.pem"
    key = CLIENT[1].private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    file.write_bytes(pem(CLIENT[0]) + key)
    context = trusting()
    context.load_cert_chain(file)
    known, _, _ = secure(cluster, "client.test", context)
    assert known.status == 200
    assert known.upstream("Ssl-Client-Verify") == "SUCCESS"
    assert known.upstream("Ssl-Client-Subject-Dn") == "CN=jane"
    assert known.upstream("Ssl-Client-Cert") is not None


def test_a_secret_that_changes_and_breaks_is_followed(cluster: Ingress):
    assert secure(cluster, "tls.test", trusting())[1] == {"names": "DNS:tls.test"}
    cluster.apply(NAMESPACE, certificate("cert", ["tls.test", "new.test"]))
    settle(cluster, "changed")
    assert secure(cluster, "tls.test", trusting())[1] == {"names": "DNS:tls.test, DNS:new.test"}
    cluster.apply(NAMESPACE, {**secret("cert", tls_crt=b"no", tls_key=b"no"), "type": "kubernetes.io/tls"})
    settle(cluster, "spoiled")
    answer, names, _ = secure(cluster, "tls.test", trusting())
    assert (answer.status, names) == (200, {"names": "DNS:ingress.local"})


def test_http2_is_spoken_to_who_asks_for_it(cluster: Ingress):
    context = trusting()
    context.set_alpn_protocols(["h2", "http/1.1"])
    assert secure(cluster, "tls.test", context)[2] == "h2"


def test_an_alias_may_be_an_expression(cluster: Ingress):
    assert ask(cluster, "www7.alias.test").status == 200
    assert ask(cluster, "wwwx.alias.test").status == 404


def test_an_annotation_that_is_not_served_says_so_in_an_event(cluster: Ingress):
    command = "get events --field-selector reason=AnnotationNotServed -o jsonpath={.items[*].message}"
    deadline = time.monotonic() + 10
    while "enable-modsecurity" not in (told := cluster.kubectl(*command.split(), "-n", NAMESPACE).stdout):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    assert "not served yet" in told


def test_a_mirror_that_nobody_finds_stops_later_changes(cluster: Ingress):
    cluster.apply(NAMESPACE, rule("lost", "lost.test", "web", mirror_target="http://nobody.nowhere.test/x"))
    cluster.apply(NAMESPACE, rule("behind", "behind.test", "web"))
    time.sleep(1)  # as long as a change takes, and more
    assert (ask(cluster, "behind.test").status, ask(cluster, "web.test").status) == (404, 200)
    cluster.kubectl("delete", "-n", NAMESPACE, "ing/lost")
    settle(cluster, "freed")
    assert ask(cluster, "behind.test").status == 200
