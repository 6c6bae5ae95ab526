"""What later lessons build on, installed with one command: ``%lab install ingress-nginx``."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from k8slab.errors import CommandError
from k8slab.lessons.load import course_folder
from k8slab.traffic.probe_pod import KubectlRunner


@dataclass(frozen=True, slots=True)
class Extra:
    """Something that is installed: its manifest in the course's folder, and the workload that must be ready.

    ``definitions`` is a manifest of CustomResourceDefinitions that comes first and stays at removal (deleting them
    deletes every object of their kinds). ``elsewhere`` says what to do on clusters other than the embedded one, where
    the workload cannot run.
    """

    manifest: str
    namespace: str
    workload: str
    version: str
    wait_seconds: int = 180
    definitions: str = ""
    elsewhere: str = ""


EXTRAS: Mapping[str, Extra] = {
    "ingress-nginx": Extra(
        "04-ingress-nginx/manifests/ingress-nginx.yaml",
        "ingress-nginx",
        "deployment/ingress-nginx-controller",
        "controller v1.15.1",
    ),
    "gateway": Extra(
        "11-gateway-api/manifests/gateway-controller.yaml",
        "k8slab-gateway",
        "deployment/gateway-controller",
        "Gateway API v1.6.1, k8slab's controller v0.1",
        definitions="11-gateway-api/manifests/gateway-api-crds.yaml",
        elsewhere=(
            "Install an implementation, for example Envoy Gateway (https://gateway.envoyproxy.io) or NGINX Gateway "
            "Fabric, and name its GatewayClass in your Gateways."
        ),
    ),
}


def install(name: str, kubectl: KubectlRunner, tell: Callable[[str], None], kind: str = "embedded") -> str:
    """Apply the manifest and wait until it works; return a sentence. Raises ``CommandError`` and ``ClusterError``.

    ``kind`` is the provider's.
    """
    extra = _find(name, "install")
    began = time.monotonic()
    tell(f"installing {name} ({extra.version}; a few seconds, at most {extra.wait_seconds} s where images are pulled)")
    if extra.definitions:
        _define(str(course_folder() / extra.definitions), kubectl)
    if extra.elsewhere and kind != "embedded":
        what = f"{name}'s definitions are installed. Its controller is a program of the embedded cluster, not an image."
        raise CommandError(what, extra.elsewhere)
    kubectl.run(["apply", "-f", str(course_folder() / extra.manifest)])
    waiting = ["rollout", "status", "-n", extra.namespace, extra.workload, f"--timeout={extra.wait_seconds}s"]
    kubectl.run(waiting, extra.wait_seconds + 10.0)
    return f"{name} ({extra.version}) is ready after {time.monotonic() - began:.1f} s"


def _define(manifest: str, kubectl: KubectlRunner) -> None:
    kubectl.run(["apply", "-f", manifest])
    kubectl.run(["wait", "--for=condition=Established", "-f", manifest, "--timeout=30s"], 40.0)


def uninstall(name: str, kubectl: KubectlRunner, tell: Callable[[str], None]) -> str:
    """Delete what the manifest made and wait until it is gone; return a sentence."""
    extra = _find(name, "uninstall")
    tell(f"removing {name} (some seconds, at most {extra.wait_seconds} s)")
    kubectl.run(
        ["delete", "-f", str(course_folder() / extra.manifest), "--ignore-not-found"], extra.wait_seconds + 10.0
    )
    return f"{name} is removed"


def _find(name: str, verb: str) -> Extra:
    extra = EXTRAS.get(name)
    if extra is None:
        known = ", ".join(f"%lab {verb} {one}" for one in EXTRAS)
        raise CommandError(f"%lab {verb} does not know {name!r}.", f"It knows: {known}")
    return extra
