"""Each cause on a picture: a working lab, one change, and what a client saw."""

from __future__ import annotations

from typing import Any

import pytest

from k8slab.kube import resources as r

from .world import (
    Change,
    Obj,
    controller,
    deployment,
    diagnosed,
    event,
    ingress,
    meta,
    pod,
    service,
)  # fmt: skip

WEB, INSIDE = "http://web.example.test/", "http://web:8000/"


def put(resource: r.Resource, *objects: Obj) -> Change:
    return lambda objs: objs.__setitem__(resource, list(objects))


def add(resource: r.Resource, *objects: Obj) -> Change:
    return lambda objs: objs[resource].extend(objects)


def both(*changes: Change) -> Change:
    def change(objects: Any) -> None:
        for one in changes:
            one(objects)

    return change


def nothing(_objects: Any) -> None:
    return


def unready(
    *, events: tuple[tuple[str, str], ...] = (), phase: str = "Running", spec: Any = None, **status: Any
) -> Change:
    """Make the one pod unready, with a container status, spec fields and events."""

    def change(objects: Any) -> None:
        web = objects[r.PODS][0]
        web["spec"] |= spec or {}
        web["status"]["phase"] = phase
        web["status"]["conditions"] = [{"type": "Ready", "status": "False"}]
        web["status"]["containerStatuses"] = [
            {"name": "web", "ready": False, "restartCount": 3, "image": "nginx"} | status
        ]
        objects[r.ENDPOINT_SLICES][0]["endpoints"][0]["conditions"] = {"ready": False}
        objects[r.EVENTS] += [event(web, reason, message) for reason, message in events]

    return change


def pending(message: str, **spec: Any) -> Change:
    def change(objects: Any) -> None:
        web = objects[r.PODS][0]
        del web["spec"]["nodeName"]
        web["spec"] |= spec
        web["status"] = {"phase": "Pending", "conditions": [
            {"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": message}]}  # fmt: skip
        if not message:
            web["status"]["conditions"] = []
        objects[r.ENDPOINT_SLICES][0]["endpoints"] = []

    return change


def waiting(reason: str, message: str = "", **more: Any) -> Change:
    return unready(state={"waiting": {"reason": reason, "message": message}}, **more)


def ended(code: int, reason: str = "Error", **more: Any) -> Change:
    state = {"waiting": {"reason": "CrashLoopBackOff"}}
    return unready(state=state, lastState={"terminated": {"exitCode": code, "reason": reason}}, **more)


def refused(message: str) -> Change:
    """Let the API server refuse the pods of the Deployment."""

    def change(objects: Any) -> None:
        objects[r.PODS] = objects[r.PODS][1:]
        objects[r.ENDPOINT_SLICES][0]["endpoints"] = []
        objects[r.REPLICA_SETS][0]["status"] = {"conditions": [
            {"type": "ReplicaFailure", "status": "True", "message": message}]}  # fmt: skip

    return change


def no_pods(**spec: Any) -> Change:
    def change(objects: Any) -> None:
        objects[r.DEPLOYMENTS] = [deployment(**spec)]
        objects[r.PODS] = objects[r.PODS][1:]
        objects[r.REPLICA_SETS] = []
        objects[r.ENDPOINT_SLICES][0]["endpoints"] = []

    return change


def policy(rules: list[Any], **spec: Any) -> Obj:
    return {"metadata": meta("closed"), "spec": {"podSelector": {"matchLabels": {"app": "web"}}, "ingress": rules,
                                                 "policyTypes": ["Ingress"]} | spec}  # fmt: skip


def probe_event(kind: str, message: str) -> tuple[str, str]:
    return ("Unhealthy", f"{kind} probe failed: {message}")


PODS = [
    ("image-wrong", waiting("ImagePullBackOff"), "refused"),
    ("image-wrong", waiting("ErrImagePull", "nginx:nonsense: not found"), "refused"),
    ("image-pull-denied", waiting("ImagePullBackOff", events=(("Failed", "pull: 401 Unauthorized"),)), "refused"),
    ("image-name-invalid", waiting("InvalidImageName"), "refused"),
    ("image-never-pulled", waiting("ErrImageNeverPull"), "refused"),
    ("configmap-missing", waiting("CreateContainerConfigError", 'configmap "settings" not found'), "refused"),
    ("secret-key-missing", waiting("CreateContainerConfigError", "couldn't find key p in Secret default/pw"), "refused"),
    ("runs-as-root", waiting("CreateContainerConfigError", "container has runAsNonRoot and image will run as root"), "refused"),
    ("command-wrong", waiting("RunContainerError", 'exec: "/bin/nosuch": stat /bin/nosuch: no such file'), "refused"),
    ("crash-loop", ended(3), "refused"),
    ("program-ends", ended(0, "Completed"), "refused"),
    ("command-not-found", ended(127), "refused"),
    ("out-of-memory", ended(137, "OOMKilled"), "refused"),
    ("liveness-kills", ended(137, events=(probe_event("Liveness", "HTTP probe failed with statuscode: 404"),
                                          ("Killing", "Container web failed liveness probe, will be restarted"))), "refused"),
    ("startup-probe-kills", ended(137, events=(probe_event("Startup", "connection refused"),
                                               ("Killing", "Container web failed startup probe, will be restarted"))), "refused"),
    ("readiness-path-wrong", unready(state={"running": {}}, events=(
        probe_event("Readiness", "HTTP probe failed with statuscode: 404"),)), "refused"),
    ("readiness-port-wrong", unready(state={"running": {}}, events=(
        probe_event("Readiness", "dial tcp 10.244.0.5:99: connect: connection refused"),)), "refused"),
    ("readiness-timeout", unready(state={"running": {}}, events=(
        probe_event("Readiness", "context deadline exceeded"),)), "refused"),
    ("pod-starting", unready(state={"running": {}}), "refused"),
    ("readiness-gate-closed", unready(state={"running": {}}, ready=True, spec={"readinessGates": [{"conditionType": "x/y"}]}), "refused"),
    ("volume-key-missing", unready(phase="Pending", state={"waiting": {"reason": "ContainerCreating"}}, events=(
        ("FailedMount", 'MountVolume.SetUp failed for volume "v" : references non-existent config key: a.conf'),)), "refused"),
    ("secret-missing", unready(phase="Pending", state={"waiting": {"reason": "ContainerCreating"}},
                               spec={"volumes": [{"name": "v", "secret": {"secretName": "pw"}}]}), "refused"),
    ("pod-ended", unready(phase="Failed"), "refused"),
    ("resources-insufficient", pending("0/1 nodes are available: 1 Insufficient cpu."), "refused"),
    ("taint-untolerated", pending("0/1 nodes are available: 1 node(s) had untolerated taint {key: value}."), "refused"),
    ("node-selector-unmatched", pending("0/1 nodes are available: 1 node(s) didn't match Pod's node affinity/selector."), "refused"),
    ("volume-claim-unbound", pending("0/1 nodes are available: pod has unbound immediate PersistentVolumeClaims."), "refused"),
    ("volume-claim-missing", pending('0/1 nodes are available: persistentvolumeclaim "disk" not found.'), "refused"),
    ("host-port-taken", pending("0/1 nodes are available: 1 node(s) didn't have free ports for the requested pod ports."), "refused"),
    ("node-cordoned", pending("0/1 nodes are available: 1 node(s) were unschedulable."), "refused"),
    ("scheduler-unknown", pending("", schedulerName="mine"), "refused"),
    ("scheduling-gated", pending("", schedulingGates=[{"name": "x"}]), "refused"),
    ("node-not-ready", both(unready(state={"running": {}}), put(r.NODES, {"metadata": {"name": "node"}, "status": {
        "conditions": [{"type": "Ready", "status": "Unknown"}]}})), "refused"),
    ("quota-exceeded", refused('pods "x" is forbidden: exceeded quota: small, requested: pods=1'), "refused"),
    ("quota-needs-requests", refused('pods "x" is forbidden: failed quota: cpu: must specify limits.cpu'), "refused"),
    ("limit-range-exceeded", refused('pods "x" is forbidden: maximum cpu usage per Container is 100m, but limit is 2'), "refused"),
    ("service-account-missing", refused('pods "x" is forbidden: error looking up service account default/robot: '
                                        'serviceaccount "robot" not found'), "refused"),
    ("pod-security-violated", refused('pods "x" is forbidden: violates PodSecurity "restricted:latest": x'), "refused"),
    ("webhook-unreachable", refused('Internal error occurred: failed calling webhook "a.b": connection refused'), "refused"),
    ("admission-refused", refused('admission webhook "a.b" denied the request: no'), "refused"),
    ("create-refused", refused("something else"), "refused"),
    ("scaled-to-zero", no_pods(replicas=0), "refused"),
    ("deployment-paused", no_pods(paused=True), "refused"),
    ("pods-not-made", no_pods(), "refused"),
    ("rollout-stuck", put(r.DEPLOYMENTS, deployment() | {"status": {"readyReplicas": 1, "conditions": [
        {"type": "Progressing", "status": "False", "reason": "ProgressDeadlineExceeded"}]}}), "ok"),
    ("namespace-terminating", both(no_pods(), put(r.NAMESPACES, {"metadata": {"name": "default", "deletionTimestamp": "now"}})), "refused"),
]  # fmt: skip


@pytest.mark.parametrize(("cause", "change", "seen"), PODS, ids=lambda value: value if isinstance(value, str) else "")
@pytest.mark.parametrize("url", [INSIDE, WEB])
def test_pods(cause: str, change: Change, seen: str, url: str):
    found = diagnosed(change, url, "503" if url == WEB and seen != "ok" else seen)
    assert found.cause == cause, str(found)


SERVICES = [
    ("selector-typo", put(r.SERVICES, service(selector={"app": "wbe"})), INSIDE, "refused"),
    ("selector-typo", put(r.SERVICES, service(selector={"ap": "web"})), INSIDE, "refused"),
    ("selector-matches-nothing", put(r.SERVICES, service(selector={"tier": "backend"})), INSIDE, "refused"),
    ("no-pods", both(put(r.PODS), put(r.DEPLOYMENTS), put(r.REPLICA_SETS)), INSIDE, "refused"),
    ("pods-in-another-namespace", both(put(r.SERVICES, service(selector={"who": "me"})), add(
        r.PODS, pod("x", "other") | {"metadata": meta("x", "other", labels={"who": "me"})})), INSIDE, "refused"),
    ("target-port-name-unknown", put(r.SERVICES, service(ports=[{"port": 8000, "targetPort": "htpp"}])), INSIDE, "refused"),
    ("target-port-wrong", put(r.SERVICES, service(ports=[{"port": 8000, "targetPort": 8080}])), INSIDE, "refused"),
    ("port-not-of-service", nothing, "http://web:80/", "timeout"),
    ("service-without-selector", both(put(r.SERVICES, service(selector=None)), put(r.ENDPOINT_SLICES)), INSIDE, "refused"),
    ("external-name-unresolvable", put(r.SERVICES, service(type="ExternalName", externalName="x.invalid")), INSIDE, "dns"),
    ("endpoints-missing", put(r.ENDPOINT_SLICES), INSIDE, "refused"),
    ("app-not-listening", nothing, INSIDE, "refused"),
    ("port-not-tcp", put(r.SERVICES, service(ports=[{"port": 8000, "targetPort": 80, "protocol": "UDP"}])), INSIDE, "timeout"),
    ("selector-too-broad", add(r.DEPLOYMENTS, deployment() | {"metadata": meta("other")}), INSIDE, "ok"),
    ("unexplained", put(r.SERVICES, service(selector=None)), INSIDE, "refused"),
    ("app-forbidden", put(r.SERVICES, service(selector=None)), INSIDE, "403"),
    ("headless-port", put(r.SERVICES, service(clusterIP="None")), INSIDE, "refused"),
    ("network-policy", add(r.NETWORK_POLICIES, policy([])), INSIDE, "timeout"),
    ("network-policy", add(r.NETWORK_POLICIES, policy([{"ports": [{"port": 443}]}])), INSIDE, "timeout"),
    ("service-missing", put(r.SERVICES), INSIDE, "dns"),
    ("service-name-misspelt", nothing, "http://wbe:8000/", "dns"),
    ("service-in-another-namespace", put(r.SERVICES, service() | {"metadata": meta("web", "other")}), INSIDE, "dns"),
    ("dns-namespace-unknown", nothing, "http://web.nowhere:8000/", "dns"),
    ("dns-suffix-wrong", nothing, "http://web.default.svc.cluster.locl:8000/", "dns"),
    ("dns-suffix-wrong", nothing, "http://web.default.cluster.local:8000/", "dns"),
    ("dns-name-swapped", nothing, "http://default.web:8000/", "dns"),
    ("pod-name-is-no-address", nothing, "http://web-1/", "dns"),
    ("pod-hostname-unknown", put(r.SERVICES, service(clusterIP="None")), "http://web-0.web:80/", "dns"),
    ("service-not-headless", nothing, "http://web-0.web:80/", "dns"),
    ("name-unknown", nothing, "http://www.somewhere.lan/", "dns"),
    ("host-misspelt", put(r.INGRESSES, ingress(host="shop.lan")), "http://shap.lan/", "dns"),
    ("dns-server-down", add(r.DEPLOYMENTS, {"metadata": meta("coredns", "kube-system"), "status": {}}), INSIDE, "dns"),
    ("cluster-ip-from-outside", nothing, "http://10.96.1.1:8000/", ""),
    ("address-unknown", nothing, "http://10.244.7.7/", "timeout"),
    ("service-not-node-port", nothing, "http://localhost:30080/", "unmapped"),
    ("node-port-unknown", put(r.SERVICES, service(ports=[{"port": 8000, "targetPort": 80, "nodePort": 30081}])),
     "http://localhost:30080/", "unmapped"),
    ("node-port-not-mapped", put(r.SERVICES, service(ports=[{"port": 8000, "targetPort": 80, "nodePort": 30080}])),
     "http://localhost:30080/", "unmapped"),
    ("port-forward-missing", nothing, "http://localhost:8080/", "refused"),
]  # fmt: skip


@pytest.mark.parametrize(("cause", "change", "url", "seen"), SERVICES, ids=[row[0] for row in SERVICES])
def test_services_and_names(cause: str, change: Change, url: str, seen: str):
    found = diagnosed(change, url, seen)
    assert found.cause == cause, str(found)


def rewriting(path: str, target: str, kind: str = "ImplementationSpecific") -> Change:
    return put(r.INGRESSES, ingress(path=path, kind=kind, rewrite_target=target))


def tls(**data: str) -> Change:
    def change(objects: Any) -> None:
        objects[r.INGRESSES][0]["spec"]["tls"] = [{"hosts": ["web.example.test"], "secretName": "cert"}]
        if data:
            objects[r.SECRETS] = [
                {"metadata": meta("cert"), "data": {key.replace("_", "."): text for key, text in data.items()}}
            ]

    return change


def backend(name: str = "web", number: int = 8000) -> Change:
    def change(objects: Any) -> None:
        path = objects[r.INGRESSES][0]["spec"]["rules"][0]["http"]["paths"][0]
        path["backend"] = {"service": {"name": name, "port": {"number": number}}}

    return change


def reload_failed(objects: Any) -> None:
    objects[r.EVENTS] = [
        event(objects[r.PODS][1], "RELOAD", 'Error reloading NGINX: nginx: [emerg] duplicate location "/a/"')
    ]


def classed(**spec: Any) -> Change:
    return put(r.INGRESSES, ingress() | {"spec": ingress()["spec"] | spec})


WEBHOOK = {"metadata": {"name": "hook"}, "webhooks": [{
    "name": "validate.x", "failurePolicy": "Fail", "rules": [{"resources": ["ingresses"]}],
    "clientConfig": {"service": {"name": "admission", "namespace": "ingress-nginx"}}}]}  # fmt: skip
LATER = ingress("late") | {"metadata": meta("late", creationTimestamp="2026-01-02T00:00:00Z")}
LATER["spec"]["rules"][0]["http"]["paths"][0]["backend"]["service"]["name"] = "late"

INGRESS = [
    ("controller-missing", lambda objs: objs[r.PODS].pop(), WEB, "unmapped"),
    ("controller-without-pods", lambda objs: (objs[r.PODS].pop(), objs[r.DEPLOYMENTS].append({
        "metadata": meta("c", "ingress-nginx"), "spec": {"replicas": 0, "template": {"spec": controller()["spec"]}}})), WEB, "unmapped"),
    ("controller-not-ready", lambda objs: objs[r.PODS][1]["status"].update(conditions=[{"type": "Ready", "status": "False"}]), WEB, "refused"),
    ("controller-config-broken", both(put(r.INGRESSES), reload_failed), WEB, "404"),
    ("class-unknown", classed(ingressClassName="ngnix"), WEB, "404"),
    ("class-missing", classed(ingressClassName=None), WEB, "404"),
    ("class-of-another-controller", both(classed(ingressClassName="other"), add(r.INGRESS_CLASSES, {
        "metadata": {"name": "other"}, "spec": {"controller": "x/y"}})), WEB, "404"),
    ("host-mismatch", nothing, "http://wep.example.test/", "404"),
    ("host-wildcard", put(r.INGRESSES, ingress(host="*.example.test")), "http://a.b.example.test/", "404"),
    ("ingress-missing", put(r.INGRESSES), WEB, "404"),
    ("webhook-unreachable", both(put(r.INGRESSES), put(r.VALIDATING_WEBHOOKS, WEBHOOK)), WEB, "404"),
    ("annotation-refused", put(r.INGRESSES, ingress(limit_rps="many")), WEB, "404"),
    ("canary-without-main", put(r.INGRESSES, ingress(canary="true", canary_weight="10")), WEB, "404"),
    ("path-mismatch", put(r.INGRESSES, ingress(path="/shop")), f"{WEB}shpo", "404"),
    ("path-exact", put(r.INGRESSES, ingress(path="/shop", kind="Exact")), f"{WEB}shop/a", "404"),
    ("path-case", put(r.INGRESSES, ingress(path="/shop")), f"{WEB}Shop", "404"),
    ("path-prefix-segment", put(r.INGRESSES, ingress(path="/shop")), f"{WEB}shopping", "404"),
    ("regex-not-enabled", put(r.INGRESSES, ingress(path="/shop(/|$)(.*)", kind="ImplementationSpecific")), f"{WEB}shop/a", "404"),
    ("trailing-slash", put(r.INGRESSES, ingress(path="/shop/")), f"{WEB}shop", "301"),
    ("path-malformed", nothing, f"{WEB}%zz", "400"),
    ("regex-too-greedy", rewriting("/something/?(.*)", "/$1"), f"{WEB}somethingelse", "ok"),
    ("rewrite-missing", put(r.INGRESSES, ingress(path="/nginx")), f"{WEB}nginx", "404"),
    ("rewrite-without-group", rewriting("/nginx", "/", "Prefix"), f"{WEB}nginx/a", "ok"),
    ("rewrite-wrong-group", rewriting("/nginx(/|$)(.*)", "/$1"), f"{WEB}nginx/a", "ok"),
    ("rewrite-group-missing", rewriting("/nginx/(.*)", "/$2"), f"{WEB}nginx/a", "404"),
    ("rewrite-target-ignored", put(r.INGRESSES, ingress(path="/nginx", rewrite_target="/?a=b")), f"{WEB}nginx", "404"),
    ("annotation-misspelt", put(r.INGRESSES, ingress(path="/nginx") | {"metadata": meta(
        "web", annotations={"ingress.kubernetes.io/rewrite-target": "/"})}), f"{WEB}nginx", "404"),
    ("backend-service-missing", backend("wbe"), WEB, "503"),
    ("backend-port-unknown", backend(number=81), WEB, "503"),
    ("backend-in-another-namespace", both(backend("api"), add(r.SERVICES, service() | {"metadata": meta("api", "other")})), WEB, "503"),
    ("app-path-unknown", nothing, f"{WEB}a", "404"),
    ("forced-https-redirect", tls(), WEB, "308"),
    ("redirect-annotation", put(r.INGRESSES, ingress(temporal_redirect="https://x.test")), WEB, "302"),
    ("app-root-redirect", put(r.INGRESSES, ingress(app_root="/app")), WEB, "302"),
    ("annotation-misspelt", put(r.INGRESSES, ingress(rewrite_targt="/")), f"{WEB}a", "404"),
    ("ingress-port-wrong", nothing, "http://web.example.test:8080/", "unmapped"),
    ("controller-unreachable", nothing, WEB, "unmapped"),
    ("rate-limited", put(r.INGRESSES, ingress(limit_rps="1")), WEB, "503"),
    ("connection-limited", put(r.INGRESSES, ingress(limit_connections="1")), WEB, "503"),
    ("source-not-allowed", put(r.INGRESSES, ingress(whitelist_source_range="203.0.113.0/24")), WEB, "403"),
    ("source-denied", put(r.INGRESSES, ingress(denylist_source_range="0.0.0.0/0")), WEB, "403"),
    ("auth-failed", put(r.INGRESSES, ingress(auth_type="basic", auth_secret="users")), WEB, "401"),
    ("auth-secret-missing", put(r.INGRESSES, ingress(auth_type="basic", auth_secret="users")), WEB, "503"),
    ("auth-secret-malformed", both(put(r.INGRESSES, ingress(auth_type="basic", auth_secret="users")), put(
        r.SECRETS, {"metadata": meta("users"), "data": {"users": ""}})), WEB, "503"),
    ("body-too-large", put(r.INGRESSES, ingress(proxy_body_size="1k")), WEB, "413"),
    ("upstream-timeout", put(r.INGRESSES, ingress(proxy_read_timeout="1")), WEB, "504"),
    ("backend-protocol-wrong", put(r.INGRESSES, ingress(backend_protocol="HTTPS")), WEB, "502"),
    ("snippet-ignored", put(r.INGRESSES, ingress(configuration_snippet="return 418;")), WEB, "ok"),
    ("ingress-conflict", add(r.INGRESSES, LATER), WEB, "ok"),
    ("canary-weight-zero", add(r.INGRESSES, ingress("bird", canary="true")), WEB, "ok"),
    ("canary-path-mismatch", add(r.INGRESSES, ingress("bird", path="/x", canary="true", canary_weight="5")), WEB, "ok"),
    ("canary-not-enabled", add(r.INGRESSES, ingress("bird", path="/x", canary_weight="5")), WEB, "ok"),
    ("tls-not-declared", nothing, "https://web.example.test/", "tls"),
    ("tls-secret-missing", tls(), "https://web.example.test/", "ok"),
    ("tls-secret-malformed", tls(cert=""), "https://web.example.test/", "ok"),
    ("tls-secret-malformed", tls(tls_crt="eA==", tls_key=""), "https://web.example.test/", "ok"),
    ("target-port-wrong", put(r.SERVICES, service(ports=[{"port": 8000, "targetPort": 81}])), WEB, "502"),
    ("network-policy", add(r.NETWORK_POLICIES, policy([{"from": [{"podSelector": {}}]}])), WEB, "504"),
]  # fmt: skip


@pytest.mark.parametrize(("cause", "change", "url", "seen"), INGRESS, ids=[row[0] for row in INGRESS])
def test_the_ingress(cause: str, change: Change, url: str, seen: str):
    found = diagnosed(change, url, seen)
    assert found.cause == cause, str(found)


@pytest.mark.parametrize("url", [WEB, INSIDE, "http://web.default.svc.cluster.local:8000/", "http://localhost/"])
def test_nothing_is_wrong_with_a_working_lab(url: str):
    change = put(r.INGRESSES, ingress(host="localhost")) if "localhost" in url else nothing
    for seen in ("ok", ""):
        found = diagnosed(change, url, seen)
        assert found.first is None or (not seen and found.first.doubt), str(found)


def test_the_same_policy_lets_its_own_namespace_in():
    found = diagnosed(add(r.NETWORK_POLICIES, policy([{"from": [{"podSelector": {}}]}])), INSIDE, "ok")
    assert found.first is None


def test_last_words_of_a_crash_are_shown():
    logs = {"default/web-1/web": "starting\nno database\n"}
    found = diagnosed(ended(3), INSIDE, "refused", logs=logs)
    assert "It said last: no database" in found.headline()
    assert not found.wants_logs
    assert diagnosed(ended(3), INSIDE, "refused").wants_logs == ("default/web-1/web",)


def test_a_broken_nginx_configuration_is_told_by_its_log():
    logs = {"default/web-1/web": 'nginx: [emerg] unknown directive "nosuch" in /etc/nginx/conf.d/default.conf:1\n'}
    found = diagnosed(ended(1), INSIDE, "refused", logs=logs)
    assert found.cause == "nginx-config-broken"


def test_the_last_error_of_a_command_explains_a_missing_ingress():
    said = 'admission webhook "validate.nginx.ingress.kubernetes.io" denied the request: path /a( cannot be used'
    found = diagnosed(put(r.INGRESSES), WEB, "404", last_error=said)
    assert found.cause == "admission-refused"


def test_what_is_written_by_others_is_escaped():
    found = diagnosed(put(r.SERVICES, service(selector={"app": "<b>x</b>"})), INSIDE, "refused")
    assert "<b>x" not in found._repr_html_().replace("<b>Service", "")
    assert "&lt;b&gt;x" in found._repr_html_()


def test_more_than_forty_causes_are_proven():
    assert len({row[0] for row in (*PODS, *SERVICES, *INGRESS)}) >= 90
