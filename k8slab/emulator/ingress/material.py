"""Files that the configuration names: certificates, passwords, authorities, scripts."""

from __future__ import annotations

import base64
import binascii
import importlib.resources
import re
from collections.abc import Callable, Iterator
from pathlib import Path

from k8slab.emulator.ingress.certificates import usable_pair, write_private
from k8slab.emulator.ingress.text.access import auth_file_key, auth_url, url_target
from k8slab.kube.objects import Obj
from k8slab.routing.configuration import Configuration
from k8slab.routing.model import Location, Model
from k8slab.routing.reviewing import named

# Takes ``namespace/name``.
Lookup = Callable[[str], Obj | None]


class Material:
    """Writes files below the scratch folder; a file is written only when its content changed."""

    def __init__(self, scratch: Path, secret: Lookup, configmap: Lookup) -> None:
        self._scratch = scratch
        self._secret = secret
        self._configmap = configmap
        self._written: dict[str, bytes] = {}

    def scripts(self) -> None:
        """Write what njs runs."""
        for name in ("balancer.js", "digest.js"):
            source = importlib.resources.files("k8slab.emulator.ingress").joinpath(name)
            self.write(name, source.read_bytes())

    def write(self, name: str, data: bytes) -> str:
        """Return the path of a private file with that content."""
        path = self._scratch / name
        if self._written.get(name) != data:
            write_private(path, data)
            self._written[name] = data
        return str(path)

    def certificates(self, model: Model) -> dict[str, str]:
        """Return the files of usable certificates by ``Secret host``; a changed certificate has another name."""
        found: dict[str, str] = {}
        for server in model.servers.values():
            pair = usable_pair(self._secret(server.tls), server.host) if server.tls else b""
            if pair:
                found[f"{server.tls} {server.host}"] = self._named("tls", f"{server.tls}-{server.host}", pair)
        return found

    def _named(self, kind: str, name: str, data: bytes) -> str:
        plain = re.sub(r"[^a-z0-9.-]", "_", name)[:100]
        return self.write(f"{kind}-{plain}-{binascii.crc32(data):08x}", data)

    def secrets(self, model: Model) -> dict[str, str]:
        """Return password files and authorities by their keys."""
        found: dict[str, str] = {}
        for location in _locations(model):
            key = auth_file_key(location)
            data = self._passwords(location) if key else b""
            if data:
                found[key] = self._named("auth", location.owner.path, data)
        for server in model.servers.values():
            authority = self._authority(server.settings.tls_secret, server.owner.namespace)
            if authority:
                found[f"ca {server.settings.tls_secret}"] = self._named("ca", server.settings.tls_secret, authority)
        return found

    def _passwords(self, location: Location) -> bytes:
        secret = self._secret(named(location.settings.auth_secret, location.owner.namespace))
        data = {key: _decoded(text) for key, text in ((secret or {}).get("data") or {}).items()}
        if location.settings.auth_secret_type == "auth-map":  # noqa: S105 - a form, no secret
            return b"".join(key.encode() + b":" + value.strip() + b"\n" for key, value in sorted(data.items()))
        return data.get("auth", b"")

    def _authority(self, path: str, namespace: str) -> bytes:
        secret = self._secret(named(path, namespace)) if path else None
        return _decoded(((secret or {}).get("data") or {}).get("ca.crt", ""))

    def headers(self, model: Model, configuration: Configuration) -> dict[str, dict[str, str]]:
        """Return the data of the ConfigMaps that name headers."""
        wanted = {configuration.add_headers, configuration.proxy_set_headers}
        for location in _locations(model):
            namespace = location.owner.namespace
            for name in (location.settings.custom_headers, location.settings.auth_proxy_set_headers):
                wanted |= {name, named(name, namespace)} if name else set()
        found = {path: self._configmap(path) for path in wanted if path}
        return {path: dict(entry.get("data") or {}) for path, entry in found.items() if entry}


def _decoded(text: str) -> bytes:
    try:
        return base64.b64decode(text)
    except ValueError:
        return b""


def _locations(model: Model) -> Iterator[Location]:
    for server in model.servers.values():
        yield from server.locations


def named_hosts(model: Model, configuration: Configuration) -> dict[str, str]:
    """Return the ``host:port`` of all addresses that annotations name, and for what."""
    found: dict[str, str] = {}
    for location in _locations(model):
        for url, purpose in ((auth_url(location, configuration), "auth"), (location.settings.mirror_target, "mirror")):
            if url and url_target(url):
                found.setdefault(url_target(url), purpose)
    return found
