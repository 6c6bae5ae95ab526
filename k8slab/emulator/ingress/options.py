"""The command line of the controller, as far as it is heeded."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Options:
    """What the container's arguments ask for. ``configmap`` and ``publish_service`` are ``namespace/name``."""

    controller_class: str = "k8s.io/ingress-nginx"
    ingress_class: str = "nginx"
    without_class: bool = False
    configmap: str = ""
    default_service: str = ""
    webhook: int = 0
    webhook_folder: str = "/usr/local/certificates"
    publish_service: str = ""
    publish_address: str = ""
    namespace: str = ""
    disable_catch_all: bool = False
    sync_events: bool = True


def parse_options(arguments: Sequence[str]) -> Options:
    """Read ``--name=value`` and ``--name value``; unknown options mean nothing here."""
    found: dict[str, str] = {}
    rest = list(arguments)
    while rest:
        word = rest.pop(0)
        if not word.startswith("--"):
            continue
        name, given, value = word.removeprefix("--").partition("=")
        if not given and rest and not rest[0].startswith("-"):
            value = rest.pop(0)
        found[name] = value or "true"
    port = found.get("validating-webhook", "").rpartition(":")[2]
    return Options(
        controller_class=found.get("controller-class", "k8s.io/ingress-nginx"),
        ingress_class=found.get("ingress-class", "nginx"),
        without_class=found.get("watch-ingress-without-class") == "true",
        configmap=found.get("configmap", ""),
        default_service=found.get("default-backend-service", ""),
        webhook=int(port) if port.isdigit() else 0,
        webhook_folder=found.get("validating-webhook-certificate", "/usr/local/certificates/cert").rpartition("/")[0],
        publish_service=found.get("publish-service", ""),
        publish_address=found.get("publish-status-address", ""),
        namespace=found.get("watch-namespace", ""),
        disable_catch_all=found.get("disable-catch-all") == "true",
        sync_events=found.get("disable-sync-events") != "true",
    )
