"""ingress-nginx is installed as learners do it: by our manifest, by the published ones, by that of 2021."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable

import pytest

from tests.installing.conftest import Lab
from tests.installing.official import OURS, official

NAMESPACE = "ingress-nginx"
APPS = """
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {terminationGracePeriodSeconds: 0, containers: [{name: c, image: traefik/whoami:v1.10}]}
---
apiVersion: v1
kind: Service
metadata: {name: web}
spec: {selector: {app: web}, ports: [{port: 80}]}
"""
INGRESS = """
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: %s}
spec:
  ingressClassName: nginx
  rules:
  - host: web.test
    http: {paths: [{path: /, pathType: Prefix, backend: {service: {name: web, port: {number: 80}}}}]}
"""


def eventually(test: Callable[[], bool], seconds: float, what: str) -> None:
    deadline = time.monotonic() + seconds
    while not test():
        assert time.monotonic() < deadline, f"not within {seconds:g} s: {what}"
        time.sleep(0.1)


def status_of(lab: Lab, host: str) -> str:
    port = lab.get("service", "-n", NAMESPACE, "ingress-nginx-controller")["spec"]["ports"][0]["nodePort"]
    where = lab.provider.reach(port)
    return lab.run(
        "curl", "-s", "-o", "/dev/null", "-w", "%{http_code}", "-H", f"Host: {host}", f"http://{where}/"
    ).stdout


def remove(lab: Lab) -> None:
    lab.done("delete", "namespace", NAMESPACE, "--wait", "--timeout=30s")
    for kind in ("validatingwebhookconfiguration", "clusterrole", "clusterrolebinding"):
        lab.done("delete", kind, "ingress-nginx", "ingress-nginx-admission", "--ignore-not-found")


@pytest.fixture(scope="module", autouse=True)
def _apps(lab: Lab) -> None:
    lab.done("apply", "-f", "-", given=APPS)
    lab.done("rollout", "status", "deploy/web", "--timeout=20s")


@pytest.mark.cluster
@pytest.mark.parametrize("provider", ["ours", "kind", "baremetal", "cloud"])
def test_a_manifest_installs_a_controller_that_routes(lab: Lab, provider: str):
    if provider == "ours":
        lab.done("apply", "-f", str(OURS / "ingress-nginx.yaml"))
    else:
        lab.done(
            "apply", "-f", "-", given=json.dumps({"apiVersion": "v1", "kind": "List", "items": official(provider)})
        )
    lab.done("rollout", "status", "-n", NAMESPACE, "deploy/ingress-nginx-controller", "--timeout=30s")
    lab.done("apply", "-f", "-", given=INGRESS % "web")
    eventually(lambda: status_of(lab, "web.test") == "200", 10, "the route answers")
    # certgen made the Secret and told the webhook: a second Ingress for the same path is refused by the controller.
    assert set(lab.get("secret", "-n", NAMESPACE, "ingress-nginx-admission")["data"]) == {"ca", "cert", "key"}
    refused = lab.kubectl("apply", "-f", "-", given=INGRESS % "again")
    assert 'host "web.test" and path "/" is already defined in ingress default/web' in refused.stderr
    if provider != "ours":
        eventually(lambda: not lab.get("jobs", "-n", NAMESPACE)["items"], 10, "finished Jobs with a TTL of 0 vanish")
    lab.done("delete", "ingress", "web")
    remove(lab)
    assert lab.kubectl("get", "all", "-n", NAMESPACE).stdout == ""


@pytest.mark.cluster
def test_without_the_controller_the_webhook_fails_every_ingress(lab: Lab):
    webhooks = [one for one in official("kind") if one["kind"] == "ValidatingWebhookConfiguration"]
    lab.done("apply", "-f", "-", given=json.dumps(webhooks[0]))
    refused = lab.kubectl("apply", "-f", "-", given=INGRESS % "web")
    lab.done("delete", "validatingwebhookconfiguration", "ingress-nginx-admission")
    assert (
        'failed calling webhook "validate.nginx.ingress.kubernetes.io": failed to call webhook: Post '
        '"https://ingress-nginx-controller-admission.ingress-nginx.svc:443/networking/v1/ingresses?timeout=10s": '
        'service "ingress-nginx-controller-admission" not found'
    ) in refused.stderr


@pytest.mark.cluster
def test_the_controller_may_do_what_its_roles_say_and_no_more(lab: Lab):
    objects = [
        one for one in official("kind") if one["kind"] != "ClusterRoleBinding" or "admission" in one["metadata"]["name"]
    ]
    lab.done("apply", "-f", "-", given=json.dumps({"apiVersion": "v1", "kind": "List", "items": objects}))
    eventually(
        lambda: lab.kubectl("get", "secret", "-n", NAMESPACE, "ingress-nginx-admission").returncode == 0, 15, "certgen"
    )
    account = f"system:serviceaccount:{NAMESPACE}:ingress-nginx"
    assert lab.kubectl("auth", "can-i", "list", "ingresses", "--as", account).stdout == "no\n"
    pods = lab.get("pods", "-n", NAMESPACE, "-l", "app.kubernetes.io/component=controller")["items"]
    assert not any(status["ready"] for pod in pods for status in pod["status"].get("containerStatuses", []))
    remove(lab)


@pytest.mark.cluster
@pytest.mark.parametrize("registry", ["its own", "a mirror"])
def test_the_manifest_of_2021_applies_and_never_becomes_ready(lab: Lab, registry: str):
    text = (OURS / "ingress-nginx-2021.yaml").read_text()
    # The probes of 2021 would take a minute to end the container.
    for field, value in (("initialDelaySeconds", 1), ("periodSeconds", 1), ("failureThreshold", 2)):
        text = re.sub(rf"{field}: \d+", f"{field}: {value}", text)
    if registry == "a mirror":
        mirror = "registry.cn-hangzhou.aliyuncs.com/lfy_k8s_images"
        text = re.sub(r"k8s.gcr.io/ingress-nginx/controller:\S+", f"{mirror}/ingress-nginx-controller:v0.46.0", text)
        text = text.replace("docker.io/jettech", mirror)
    assert "Error" not in lab.done("apply", "-f", "-", given=text)

    def controller() -> dict[str, object]:
        pods = lab.get("pods", "-n", NAMESPACE, "-l", "app.kubernetes.io/component=controller")["items"]
        return (pods[0]["status"].get("containerStatuses") or [{}])[0] if pods else {}

    eventually(lambda: bool(controller().get("restartCount")), 30, "liveness restarts the controller")
    assert controller()["ready"] is False
    log = lab.kubectl("logs", "-n", NAMESPACE, "deploy/ingress-nginx-controller", "--previous").stdout
    assert (
        "Failed to watch *v1beta1.Ingress: failed to list *v1beta1.Ingress: the server could not find the requested resource"
        in log
    )
    created = lab.kubectl("logs", "-n", NAMESPACE, "job/ingress-nginx-admission-create").stdout
    assert "creating new secret" in created
    patched = lab.kubectl("logs", "-n", NAMESPACE, "job/ingress-nginx-admission-patch").stdout
    assert "failed getting validating webhook: the server could not find the requested resource" in patched
    assert not lab.get("job", "-n", NAMESPACE, "ingress-nginx-admission-patch")["status"].get("succeeded")
    # Its webhook is about v1beta1 only: Ingresses of today are not validated at all.
    lab.done("apply", "-f", "-", given=INGRESS % "web")
    lab.done("delete", "ingress", "web")
    remove(lab)


@pytest.mark.cluster
def test_an_ingress_of_2021_is_refused(lab: Lab):
    old = "apiVersion: networking.k8s.io/v1beta1\nkind: Ingress\nmetadata: {name: a}\nspec: {backend: {serviceName: a, servicePort: 80}}\n"
    refused = lab.kubectl("apply", "-f", "-", given=old)
    assert refused.returncode == 1
    assert 'no matches for kind "Ingress" in version "networking.k8s.io/v1beta1"' in refused.stderr
