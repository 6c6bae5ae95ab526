"""The controller itself: not there, not ready, without a door, or stuck with an old configuration."""

from __future__ import annotations

from collections.abc import Iterator

from k8slab.diagnose.findings import CONNECT, Evidence, Finding
from k8slab.diagnose.ingress.scene import Scene
from k8slab.diagnose.pods import pod_findings
from k8slab.diagnose.words import listed
from k8slab.diagnose.workloads import WORKLOADS, workload_findings
from k8slab.kube.objects import Obj, dig, name_of, namespace_of
from k8slab.kube.resources import PODS, SERVICES, VALIDATING_WEBHOOKS
from k8slab.snapshot import Snapshot
from k8slab.snapshot.ingress_doors import PORTS, doors, is_controller
from k8slab.snapshot.lookups import endpoints_of, events_about, is_ready

_NO_DOOR = CONNECT | {"unmapped", "dns", "404"}


def controller_findings(scene: Scene, evidence: Evidence) -> Iterator[Finding]:
    """Yield what is wrong with the controller."""
    ready = [pod for pod in scene.controllers if is_ready(pod)]
    if not scene.controllers:
        yield from _missing(scene.snapshot)
    elif not ready:
        pod = scene.controllers[0]
        inner = next(pod_findings(scene.snapshot, pod, evidence), None)
        yield Finding(
            "controller-not-ready",
            f"The ingress controller is not ready. {inner.text if inner else ''}".strip(),
            inner.command if inner else f"kubectl get pods -n {namespace_of(pod)}",
            inner.evidence if inner else (),
            _NO_DOOR,
            logs=inner.logs if inner else "",
        )
    elif scene.request.origin == "outside" and not doors(scene.snapshot, scene.request.scheme):
        where = namespace_of(ready[0])
        yield Finding(
            "controller-without-door",
            "The ingress controller runs, but has neither a host port nor a Service with a NodePort: nothing leads "
            "to it from "
            "outside.",
            f"kubectl get services,pods -n {where} -o wide",
            (),
            _NO_DOOR,
        )
    elif scene.request.origin == "outside":
        yield from _doors(scene, evidence)
    for pod in ready:
        yield from _reload(scene.snapshot, pod)


def _doors(scene: Scene, evidence: Evidence) -> Iterator[Finding]:
    """Yield that the request knocks at a port that is none of the controller's, or at one that is not reached."""
    ways = doors(scene.snapshot, scene.request.scheme)
    ports = sorted({PORTS[scene.request.scheme], *(door.port for door in ways)})
    shown = tuple(f"{door.by} {door.port} of {door.owner}" for door in ways)
    if scene.request.port not in ports:
        yield Finding(
            "ingress-port-wrong",
            f"The ingress controller does not serve {scene.request.scheme} on port {scene.request.port}; it does on"
            f" {listed(ports)}.",
            "kubectl get services -A",
            shown,
            CONNECT | {"unmapped"},
        )
    elif evidence.symptom == "unmapped":
        yield Finding(
            "controller-unreachable",
            "The ingress controller is ready, but none of its ports is reached from this machine: the Service before it"
            " selects other pods, or its ports are not mapped.",
            "kubectl get services,endpointslices -A",
            shown,
            frozenset({"unmapped"}),
        )


def _missing(snapshot: Snapshot) -> Iterator[Finding]:
    if snapshot.gap(PODS, "ingress-nginx") is not None:
        return  # it may well be there, unseen
    for resource in WORKLOADS:
        for workload in snapshot.everywhere(resource):
            if is_controller({"spec": dig(workload, "spec", "template", "spec", default={})}):
                inner = next(workload_findings(snapshot, resource, workload), None)
                yield Finding(
                    "controller-without-pods",
                    f"The ingress controller ({resource.kind} {name_of(workload)}) has no pods. "
                    f"{inner.text if inner else ''}",
                    inner.command if inner else f"kubectl get pods -n {namespace_of(workload)}",
                    inner.evidence if inner else (),
                    _NO_DOOR,
                )
                return
    yield Finding(
        "controller-missing",
        "No ingress controller runs in this cluster: Ingress objects alone serve nothing.",
        "kubectl get pods -A -l app.kubernetes.io/name=ingress-nginx",
        ("no pod with the image ingress-nginx/controller",),
        _NO_DOOR,
    )


def _reload(snapshot: Snapshot, pod: Obj) -> Iterator[Finding]:
    told = [event for event in events_about(snapshot, pod) if event.get("reason") == "RELOAD"]
    if told and told[-1].get("type") == "Warning":
        message = str(told[-1].get("message", "")).strip()
        wrong = next((line.strip() for line in message.splitlines() if "[emerg]" in line), message[:200])
        yield Finding(
            "controller-config-broken",
            "nginx refuses the controller's newest configuration and goes on with an old one: no later change "
            f"counts. {wrong}",
            f"kubectl logs -n {namespace_of(pod)} {name_of(pod)} --tail=50",
            (f"RELOAD: {wrong}",),
            frozenset({"404", "503", "502", "ok"}),
        )


def webhook_findings(snapshot: Snapshot, evidence: Evidence) -> Iterator[Finding]:
    """Yield that Ingresses are refused before they are stored: the webhook is out of reach, or denied the last one."""
    for configuration in snapshot.list(VALIDATING_WEBHOOKS):
        for hook in configuration.get("webhooks") or ():
            place = dig(hook, "clientConfig", "service", default={})
            concerns = any("ingresses" in (rule.get("resources") or ()) for rule in hook.get("rules") or ())
            if not place or not concerns or hook.get("failurePolicy", "Fail") != "Fail":
                continue
            service = snapshot.get(SERVICES, str(place.get("name")), str(place.get("namespace")))
            if service is not None and any(entry.ready for entry in endpoints_of(snapshot, service)):
                continue
            why = "does not exist" if service is None else "has no ready pod"
            yield Finding(
                "webhook-unreachable",
                f"No Ingress can be created or changed now: the API server must ask the webhook {hook.get('name')}, "
                "and its "
                f"Service {place.get('namespace')}/{place.get('name')} {why}.",
                f"kubectl get pods -n {place.get('namespace')}",
                (f"ValidatingWebhookConfiguration {name_of(configuration)} failurePolicy: Fail",),
                frozenset(),
            )
    if "admission webhook" in evidence.last_error and "denied the request" in evidence.last_error:
        yield Finding(
            "admission-refused",
            f"Your last Ingress was not stored: {evidence.last_error.strip()}",
            "kubectl get ingress",
            (evidence.last_error.strip(),),
            frozenset(),
        )
