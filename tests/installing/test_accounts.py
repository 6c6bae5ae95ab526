"""Users, ServiceAccounts and their rights, through the real kubectl and from inside a pod."""

from __future__ import annotations

import base64
import json

import pytest

from tests.installing.conftest import Lab

pytestmark = pytest.mark.cluster
FOLDER = "/var/run/secrets/kubernetes.io/serviceaccount"
ASK = (
    f'curl -sS --cacert {FOLDER}/ca.crt -H "Authorization: Bearer $(cat {FOLDER}/token)" https://kubernetes.default.svc'
)


@pytest.fixture(scope="module", autouse=True)
def _place(lab: Lab) -> None:
    lab.done("create", "namespace", "accounts")
    lab.done("create", "serviceaccount", "-n", "accounts", "reader")
    lab.done("create", "role", "-n", "accounts", "reader", "--verb=get,list", "--resource=pods")
    lab.done("create", "rolebinding", "-n", "accounts", "reader", "--role=reader", "--serviceaccount=accounts:reader")


def test_a_pod_asks_the_api_server_with_its_own_token(lab: Lab):
    overrides = json.dumps({"spec": {"serviceAccountName": "reader", "terminationGracePeriodSeconds": 0}})
    lab.done(
        "run",
        "-n",
        "accounts",
        "asker",
        "--image=curlimages/curl:8.11.1",
        f"--overrides={overrides}",
        "--command",
        "--",
        "sleep",
        "600",
    )
    lab.done("wait", "-n", "accounts", "--for=condition=Ready", "pod/asker", "--timeout=20s")

    def asked(path: str) -> dict[str, object]:
        found: dict[str, object] = json.loads(
            lab.done("exec", "-n", "accounts", "asker", "--", "sh", "-c", f"{ASK}{path}")
        )
        return found

    assert asked("/api/v1/namespaces/accounts/pods")["kind"] == "PodList"
    refused = asked("/api/v1/namespaces/accounts/secrets")
    assert refused["message"] == (
        'secrets is forbidden: User "system:serviceaccount:accounts:reader" cannot list resource "secrets" '
        'in API group "" in the namespace "accounts"'
    )
    unknown = lab.kubectl(
        "exec", "-n", "accounts", "asker", "--", "curl", "-sS", "https://kubernetes.default.svc/version"
    )
    assert "curl: (60) SSL certificate problem" in unknown.stderr
    lab.done("delete", "pod", "-n", "accounts", "asker", "--now")


def test_a_secret_of_the_old_kind_is_filled_and_ends_with_its_account(lab: Lab):
    lab.done("create", "serviceaccount", "-n", "accounts", "old")
    secret = {
        "apiVersion": "v1", "kind": "Secret", "type": "kubernetes.io/service-account-token",
        "metadata": {"name": "old-token", "namespace": "accounts", "annotations": {"kubernetes.io/service-account.name": "old"}},
    }  # fmt: skip
    lab.done("apply", "-f", "-", given=json.dumps(secret))
    lab.done("wait", "-n", "accounts", "secret/old-token", "--for=jsonpath={.data.token}", "--timeout=10s")
    data = lab.get("secret", "-n", "accounts", "old-token")["data"]
    assert base64.b64decode(data["namespace"]) == b"accounts"
    assert base64.b64decode(data["ca.crt"]).startswith(b"-----BEGIN CERTIFICATE-----")
    review = {
        "apiVersion": "authentication.k8s.io/v1",
        "kind": "TokenReview",
        "spec": {"token": base64.b64decode(data["token"]).decode()},
    }
    asked = ("create", "--raw", "/apis/authentication.k8s.io/v1/tokenreviews", "-f", "-")
    assert (
        json.loads(lab.done(*asked, given=json.dumps(review)))["status"]["user"]["username"]
        == "system:serviceaccount:accounts:old"
    )
    lab.done("delete", "serviceaccount", "-n", "accounts", "old")
    lab.done("wait", "-n", "accounts", "secret/old-token", "--for=delete", "--timeout=10s")
    assert json.loads(lab.done(*asked, given=json.dumps(review)))["status"]["error"] == "invalid bearer token"


def test_who_am_i_and_what_may_i(lab: Lab):
    assert "kubeadm:cluster-admins" in lab.done("auth", "whoami")
    assert "system:serviceaccounts:accounts" in lab.done(
        "auth", "whoami", "--as", "system:serviceaccount:accounts:reader"
    )
    account = ("-n", "accounts", "--as", "system:serviceaccount:accounts:reader")
    assert lab.done("auth", "can-i", "list", "pods", *account) == "yes\n"
    assert lab.kubectl("auth", "can-i", "delete", "pods", *account).stdout == "no\n"
    rows = [line.split() for line in lab.done("auth", "can-i", "--list", *account).splitlines()]
    assert ["pods", "[]", "[]", "[get", "list]"] in rows
    refused = lab.kubectl("get", "deployments", "--as", "jane")
    assert refused.stderr == (
        'Error from server (Forbidden): deployments.apps is forbidden: User "jane" cannot list resource "deployments" '
        'in API group "apps" in the namespace "default"\n'
    )


def test_a_grant_needs_the_rights_that_it_gives(lab: Lab):
    lab.done("create", "rolebinding", "-n", "accounts", "jane", "--clusterrole=admin", "--user=jane")
    lab.done("create", "role", "-n", "accounts", "made", "--verb=get", "--resource=pods", "--as", "jane")
    refused = lab.kubectl("create", "clusterrolebinding", "jane", "--clusterrole=view", "--user=jane", "--as", "jane")
    assert 'cannot create resource "clusterrolebindings"' in refused.stderr
    refused = lab.kubectl("create", "role", "-n", "accounts", "more", "--verb=get", "--resource=nodes", "--as", "jane")
    assert refused.stderr == (
        'Error from server (Forbidden): roles.rbac.authorization.k8s.io "more" is forbidden: user "jane" '
        '(groups=["system:authenticated"]) is attempting to grant RBAC permissions not currently held:\n'
        '{APIGroups:[""], Resources:["nodes"], Verbs:["get"]}\n'
    )
