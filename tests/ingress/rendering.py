"""Renders Ingresses without a cluster, and asks the real nginx what it thinks of the text."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import crossplane

from k8slab.clock import SystemClock
from k8slab.emulator.ingress.certificates import fake_certificate, write_private
from k8slab.emulator.ingress.material import Material, named_hosts
from k8slab.emulator.ingress.planning import plan, policies, policies_name, remote_backends
from k8slab.emulator.ingress.text.files import Files
from k8slab.emulator.ingress.text.render import render
from k8slab.emulator.nginx.process import nginx_binary
from k8slab.kube.objects import Obj
from k8slab.routing.building import Surroundings, build_model
from k8slab.routing.classes import Classes
from k8slab.routing.configuration import Configuration
from k8slab.routing.model import Model
from k8slab.routing.reviewing import Reviewer

PREFIX = "nginx.ingress.kubernetes.io/"


def ingress(name: str, host: str = "", path: str = "/", kind: str = "Prefix", service: str = "web", port: Any = 80,
            annotations: Mapping[str, str] | None = None, **spec: Any) -> Obj:  # fmt: skip
    number = {"number": port} if isinstance(port, int) else {"name": port}
    rule = {"host": host or f"{name}.test", "http": {"paths": [
        {"path": path, "pathType": kind, "backend": {"service": {"name": service, "port": number}}}]}}  # fmt: skip
    meta = {"name": name, "namespace": "shop", "uid": f"uid-{name}", "creationTimestamp": "2026-01-01T00:00:00Z",
            "annotations": {PREFIX + key: value for key, value in (annotations or {}).items()}}  # fmt: skip
    return {"metadata": meta, "spec": {"ingressClassName": "nginx", "rules": [rule], **spec}}


class Renderer:
    """Turns Ingresses into text below a folder; other objects are given by ``namespace/name``."""

    def __init__(self, folder: Path, configuration: Configuration | None = None, **objects: Mapping[str, Obj]) -> None:
        self.folder = folder
        self.configuration = configuration or Configuration()
        self.objects = objects
        write_private(folder / "default.pem", fake_certificate(SystemClock().now()))
        self.material = Material(folder, self._get("secrets"), self._get("configmaps"))
        self.material.scripts()

    def _get(self, kind: str) -> Any:
        return lambda path: self.objects.get(kind, {}).get(path)

    def model(self, *ingresses: Obj) -> Model:
        review = Reviewer(self._get("secrets"), self._get("configmaps"), self.configuration)
        around = Surroundings(service=self._get("services"), review=review, snippets=self.configuration.allow_snippets)
        return build_model(ingresses, Classes(frozenset({"nginx"})), around)

    def text(self, *ingresses: Obj) -> str:
        model = self.model(*ingresses)
        remote = remote_backends(model, lambda _backend: False)
        planned = plan(model, self.configuration, remote)
        decided = policies(model, self.configuration, dict(planned), str(self.folder))
        files = Files(
            scratch=str(self.folder), address="10.244.0.2",
            ports={port: str(self.folder / str(port)) for port in (80, 443, 10254)},
            upstreams={name: upstream for name, (_, upstream) in planned.items()},
            certificates=self.material.certificates(model), secrets=self.material.secrets(model),
            hosts={host: str(self.folder / "host") for host in named_hosts(model, self.configuration)},
            headers=self.material.headers(model, self.configuration), remote=remote,
            policies=self.material.write(policies_name(decided), decided.encode()), as_root=False,
        )  # fmt: skip
        return render(model, self.configuration, files)

    def test(self, text: str) -> str:
        """Return what ``nginx -t`` finds wrong; an empty text when it takes the configuration."""
        file = self.folder / "nginx.conf"
        file.write_text(text)
        done = subprocess.run(
            [nginx_binary(), "-t", "-p", str(self.folder), "-c", str(file), "-e", "stderr"],
            capture_output=True, text=True, env={}, check=False, timeout=20,
        )  # fmt: skip
        return done.stderr if done.returncode else ""

    def directives(self, text: str) -> set[str]:
        """Return the names of all directives, as a parser of nginx's language reads them."""
        file = self.folder / "parsed.conf"
        file.write_text(text)
        found = crossplane.parse(str(file), single=True, check_ctx=False, check_args=False, strict=False)
        assert not found["errors"], found["errors"]
        return set(_names(found["config"][0]["parsed"]))


def _names(block: list[dict[str, Any]]) -> Any:
    for entry in block:
        yield entry["directive"]
        yield from _names(entry.get("block") or [])
