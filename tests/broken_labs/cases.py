"""Ways to break a working lab, and the cause that must be named first.

Each case starts in a namespace of its own with Deployment, Service and Ingress ``web`` (host ``NAMESPACE.example.test``). ``NS``
in texts is that namespace. ``patches`` are ``kind name: merge patch``; ``apply`` is YAML; ``run`` are kubectl commands.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

HTTP = "http://NS.example.test"


@dataclass(frozen=True)
class Case:
    cause: str
    url: str = "http://web:8000/"
    patches: Mapping[str, Any] = field(default_factory=dict)
    apply: str = ""
    run: tuple[str, ...] = ()
    name: str = ""
    source: str = ""
    sent: Mapping[str, Any] = field(default_factory=dict)
    # How many requests go before the one that is explained.
    before: int = 0

    @property
    def id(self) -> str:
        return self.name or self.cause


def annotated(**annotations: str) -> dict[str, Any]:
    prefix = "nginx.ingress.kubernetes.io/"
    return {"metadata": {"annotations": {prefix + key.replace("_", "-"): text for key, text in annotations.items()}}}


def container(**fields: Any) -> dict[str, Any]:
    base = {"name": "web", "image": "nginx", "ports": [{"name": "http", "containerPort": 80}]}
    return {"spec": {"template": {"spec": {"containers": [base | fields]}}}}


def pod(**fields: Any) -> dict[str, Any]:
    return {"spec": {"template": {"spec": fields}}}


def service(**fields: Any) -> dict[str, Any]:
    return {"spec": fields}


def port(**fields: Any) -> dict[str, Any]:
    return {"spec": {"ports": [{"name": "http", "port": 8000, "targetPort": 80} | fields]}}


def path(text: str, kind: str = "Prefix", name: str = "web", number: int = 8000) -> dict[str, Any]:
    backend = {"service": {"name": name, "port": {"number": number}}}
    return {"path": text, "pathType": kind, "backend": backend}


def rules(*paths: dict[str, Any], host: str = "NS.example.test") -> dict[str, Any]:
    return {"spec": {"rules": [{"host": host, "http": {"paths": list(paths)}}]}}


def replaced(patch: dict[str, Any]) -> dict[str, Any]:
    """Return the patch of the Deployment with which no old pod goes on serving."""
    spec = {"strategy": {"type": "Recreate", "rollingUpdate": None}}
    return {"deployment web": {"spec": spec | patch.get("spec", {})}}


def probe(**fields: Any) -> dict[str, Any]:
    return {"periodSeconds": 1} | fields


def from_key(kind: str, name: str) -> dict[str, Any]:
    return {"name": "P", "valueFrom": {kind: {"name": name, "key": "p"}}}


def mounting(config_map: dict[str, Any]) -> dict[str, Any]:
    """Return the patch with which the container mounts a ConfigMap at nginx's configuration."""
    changed = container(volumeMounts=[{"name": "conf", "mountPath": "/etc/nginx/conf.d"}])
    changed["spec"]["template"]["spec"]["volumes"] = [{"name": "conf", "configMap": config_map}]
    return changed


REGEX = "ImplementationSpecific"
WEB = "deployment web"
SVC = "service web"
ING = "ingress web"

NAMES = (
    Case("service-name-misspelt", "http://wbe:8000/"),
    Case("service-missing", "http://api:8000/", apply="", run=("create deployment api --image=nginx",)),
    Case("service-in-another-namespace", "http://only-here:8000/", run=(
        "create namespace NS-other", "create service clusterip only-here --tcp=8000:80 -n NS-other")),
    Case("dns-namespace-unknown", "http://web.nowhere:8000/"),
    Case("dns-suffix-wrong", "http://web.NS.svc.cluster.locl:8000/"),
    Case("dns-name-swapped", "http://NS.web:8000/"),
    Case("cluster-ip-from-outside", "http://CLUSTERIP:8000/"),
    Case("port-not-of-service", "http://web:80/"),
    Case("address-unknown", "http://10.244.9.9/"),
    Case("port-forward-missing", "http://localhost:8000/"),
    Case("service-not-node-port", "http://localhost:30999/"),
    Case("node-port-unknown", "http://localhost:31998/", {SVC: {"spec": {"type": "NodePort"}}}),
    Case("localhost-inside-a-pod", "http://localhost:8000/", source="inside"),
)  # fmt: skip
SERVICES = (
    Case("selector-typo", patches={SVC: service(selector={"app": "wbe"})}),
    Case("selector-typo", HTTP, {SVC: service(selector={"app": "wep"})}, name="selector-typo-behind-ingress"),
    Case("selector-matches-nothing", patches={SVC: service(selector={"app": None, "tier": "backend", "zone": "z9"})}),
    Case("pods-in-another-namespace", patches={SVC: service(selector={"app": None, "who": "moved-NS"})},
         run=("create namespace NS-b", "run moved --image=nginx -n NS-b --labels=who=moved-NS")),
    Case("target-port-wrong", patches={SVC: port(targetPort=8080)}),
    Case("target-port-wrong", HTTP, {SVC: port(targetPort=81)}, name="target-port-wrong-behind-ingress"),
    Case("target-port-name-unknown", patches={SVC: port(targetPort="htpp")}),
    Case("scaled-to-zero", patches={WEB: {"spec": {"replicas": 0}}}),
    Case("scaled-to-zero", HTTP, {WEB: {"spec": {"replicas": 0}}}, name="scaled-to-zero-behind-ingress"),
    Case("service-without-selector", "http://bare:80/", apply="""
apiVersion: v1
kind: Service
metadata: {name: bare}
spec: {ports: [{port: 80}]}
"""),
    Case("external-name-unresolvable", "http://out:80/", run=("create service externalname out --external-name=nowhere.invalid",)),
    Case("headless-port", "http://bald:8000/", apply="""
apiVersion: v1
kind: Service
metadata: {name: bald}
spec: {clusterIP: None, selector: {app: web}, ports: [{port: 8000, targetPort: 80}]}
"""),
    Case("app-not-listening", "http://quiet:80/", apply="""
apiVersion: v1
kind: Pod
metadata: {name: quiet, labels: {app: quiet}}
spec: {containers: [{name: quiet, image: busybox, command: [sleep, "3600"]}]}
---
apiVersion: v1
kind: Service
metadata: {name: quiet}
spec: {selector: {app: quiet}, ports: [{port: 80}]}
"""),
)  # fmt: skip
PODS = (
    Case("image-wrong", patches=replaced(container(image="nginx:nonsense"))),
    Case("image-name-invalid", patches=replaced(container(image="NGINX Latest"))),
    Case("readiness-path-wrong", patches=replaced(container(readinessProbe=probe(httpGet={"path": "/healthy", "port": 80})))),
    Case("readiness-port-wrong", patches=replaced(container(readinessProbe=probe(tcpSocket={"port": 9999})))),
    Case("crash-loop", patches=replaced(container(image="busybox", command=["sh", "-c", "echo no database; exit 3"]))),
    Case("program-ends", patches=replaced(container(image="busybox", command=["sh", "-c", "echo done"]))),
    Case("command-wrong", patches=replaced(container(image="busybox", command=["/bin/nosuch"]))),
    Case("command-not-found", patches=replaced(container(image="busybox", command=["sh", "-c", "nosuch"]))),
    Case("resources-insufficient", patches=replaced(container(resources={"requests": {"cpu": "900"}}))),
    Case("node-selector-unmatched", patches=replaced(pod(nodeSelector={"disk": "fast"}))),
    Case("scheduler-unknown", patches=replaced(pod(schedulerName="mine"))),
    Case("scheduling-gated", patches=replaced(pod(schedulingGates=[{"name": "example.com/wait"}]))),
    Case("configmap-missing", patches=replaced(container(envFrom=[{"configMapRef": {"name": "settings"}}]))),
    Case("secret-missing", patches=replaced(container(env=[from_key("secretKeyRef", "pw")]))),
    Case("configmap-key-missing", patches=replaced(container(env=[from_key("configMapKeyRef", "kube-root-ca.crt")]))),
    Case("configmap-missing", name="configmap-missing-volume",
         patches=replaced(mounting({"name": "pages"}))),
    Case("volume-claim-missing", patches=replaced(pod(volumes=[{"name": "v", "persistentVolumeClaim": {"claimName": "disk"}}]))),
    Case("service-account-missing", patches=replaced(pod(serviceAccountName="robot"))),
    Case("liveness-kills", patches=replaced(container(
        livenessProbe=probe(httpGet={"path": "/alive", "port": 80}, failureThreshold=1),
        readinessProbe=probe(httpGet={"path": "/", "port": 80}, initialDelaySeconds=30)))),
    Case("nginx-config-broken", apply="""
apiVersion: v1
kind: ConfigMap
metadata: {name: conf}
data: {default.conf: "server { listen 80; nosuch on; }"}
""", patches=replaced(mounting({"name": "conf"}))),
    Case("init-container-fails", patches=replaced(pod(
        initContainers=[{"name": "first", "image": "busybox", "command": ["sh", "-c", "exit 4"]}]))),
    Case("rollout-stuck", patches={WEB: container(image="nginx:nonsense")}),
    Case("deployment-paused", patches={WEB: {"spec": {"paused": True}}}),
    Case("quota-exceeded", patches=replaced({}), run=("create quota small --hard=pods=0", "delete pods --all --now")),
    Case("limit-range-exceeded", apply="""
apiVersion: v1
kind: LimitRange
metadata: {name: small}
spec: {limits: [{type: Container, max: {cpu: 100m}}]}
""", patches=replaced(container(resources={"limits": {"cpu": "2"}}))),
    Case("network-policy", apply="""
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: closed}
spec: {podSelector: {matchLabels: {app: web}}, policyTypes: [Ingress]}
"""),
)  # fmt: skip
INGRESS = (
    Case("host-mismatch", "http://other.NS.example.test/", {ING: rules(path("/"), host="shop.NS.example.test")}),
    Case("host-wildcard", "http://a.b.NS.example.test/", {ING: rules(path("/"), host="*.NS.example.test")}),
    Case("class-unknown", HTTP, {ING: {"spec": {"ingressClassName": "ngnix"}}}),
    Case("class-of-another-controller", HTTP, {ING: {"spec": {"ingressClassName": "other"}}}, apply="""
apiVersion: networking.k8s.io/v1
kind: IngressClass
metadata: {name: other}
spec: {controller: example.com/other}
"""),
    Case("path-mismatch", f"{HTTP}/shpo", {ING: rules(path("/shop"))}),
    Case("path-exact", f"{HTTP}/shop/cart", {ING: rules(path("/shop", "Exact"))}),
    Case("path-prefix-segment", f"{HTTP}/shopping", {ING: rules(path("/shop"))}),
    Case("path-case", f"{HTTP}/Shop", {ING: rules(path("/shop"))}),
    Case("regex-not-enabled", f"{HTTP}/shop/1", {ING: rules(path("/shop(/|$)(.*)", REGEX))}),
    Case("rewrite-missing", f"{HTTP}/nginx", {ING: rules(path("/nginx"))}),
    Case("rewrite-without-group", f"{HTTP}/nginx/page", {ING: rules(path("/nginx")) | annotated(rewrite_target="/")}),
    Case("rewrite-wrong-group", f"{HTTP}/nginx/page", {ING: rules(path("/nginx(/|$)(.*)", REGEX)) | annotated(rewrite_target="/$1")}),
    Case("rewrite-group-missing", f"{HTTP}/nginx/page", {ING: rules(path("/nginx/(.*)", REGEX)) | annotated(rewrite_target="/$2")}),
    Case("regex-too-greedy", f"{HTTP}/somethingelse", {ING: rules(path("/something/?(.*)", REGEX)) | annotated(rewrite_target="/$1")}),
    Case("rewrite-on-every-path", f"{HTTP}/", {ING: rules(path("/nginx(/|$)(.*)", REGEX), path("/", REGEX)) | annotated(rewrite_target="/$2")}),
    Case("rewrite-target-ignored", f"{HTTP}/nginx", {ING: rules(path("/nginx")) | annotated(rewrite_target="/?x=$1")}),
    Case("backend-service-missing", HTTP, {ING: rules(path("/", name="wbe"))}),
    Case("backend-port-unknown", HTTP, {ING: rules(path("/", number=81))}),
    Case("app-path-unknown", f"{HTTP}/nosuch"),
    Case("forced-https-redirect", HTTP, {ING: annotated(force_ssl_redirect="true")}),
    Case("redirect-annotation", HTTP, {ING: annotated(permanent_redirect="https://example.com")}),
    Case("rate-limited", HTTP, {ING: annotated(limit_rps="1")}, before=12),
    Case("source-not-allowed", HTTP, {ING: annotated(whitelist_source_range="203.0.113.0/24")}),
    Case("source-denied", HTTP, {ING: annotated(denylist_source_range="0.0.0.0/0")}),
    Case("body-too-large", HTTP, {ING: annotated(proxy_body_size="1k")}, sent={"method": "POST", "body_bytes": 4096}),
    Case("ingress-conflict", HTTP, run=("delete validatingwebhookconfiguration ingress-nginx-admission --ignore-not-found",
        "create deployment late --image=nginx", "expose deployment late --port=8000 --target-port=80",
        "create ingress late --class=nginx --rule=NS.example.test/*=late:8000")),
    Case("canary-without-main", "http://solo.NS.example.test/", {ING: rules(path("/"), host="solo.NS.example.test") | annotated(
        canary="true", canary_weight="50")}),
    Case("tls-secret-missing", "https://NS.example.test/", {ING: {"spec": {"tls": [{"hosts": ["NS.example.test"], "secretName": "cert"}]}}}),
    Case("tls-not-declared", "https://NS.example.test/"),
    Case("auth-secret-missing", HTTP, patches={ING: annotated(auth_type="basic", auth_secret="users")}),
    Case("auth-failed", HTTP, patches={ING: annotated(auth_type="basic", auth_secret="users")}, run=(
        "create secret generic users --from-literal=auth=u:{PLAIN}p",)),
    Case("annotation-refused", HTTP, {ING: annotated(limit_rps="many")}),
    Case("snippet-ignored", HTTP, {ING: annotated(configuration_snippet="return 418;")}),
    Case("canary-weight-zero", HTTP, apply="""
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: bird, annotations: {nginx.ingress.kubernetes.io/canary: "true"}}
spec:
  ingressClassName: nginx
  rules: [{host: NS.example.test, http: {paths: [{path: /, pathType: Prefix, backend: {service: {name: bird, port: {number: 8000}}}}]}}]
""", run=("create service clusterip bird --tcp=8000:80",)),
)  # fmt: skip
CASES = (*NAMES, *SERVICES, *PODS, *INGRESS)
