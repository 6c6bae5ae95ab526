"""What files a volume has: pure functions over the objects it names (k8s.io/kubernetes/pkg/volume)."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass

from k8slab.emulator.node.environment import ConfigError, field_value, resource_value
from k8slab.kube.objects import Obj, annotations_of, dig, labels_of

_DEFAULT_MODE = 0o644


@dataclass(frozen=True, slots=True)
class VolumeFile:
    """A file's bytes and its permission bits."""

    data: bytes
    mode: int = _DEFAULT_MODE


Files = dict[str, VolumeFile]


class VolumeError(Exception):
    """A volume cannot be made (yet); the text is what the event ``FailedMount`` says."""


def config_map_files(source: Obj, found: Obj | None) -> Files:
    """Return the files of a ConfigMap source; raises ``VolumeError`` in the kubelet's words."""
    if found is None:
        return _absent(source, "configmap", str(source.get("name", "")))
    data = {key: text.encode() for key, text in (found.get("data") or {}).items()}
    data |= {key: base64.b64decode(text) for key, text in (found.get("binaryData") or {}).items()}
    return _selected(source, data, "configmap references non-existent config key")


def secret_files(source: Obj, found: Obj | None) -> Files:
    """Return the files of a Secret source; raises ``VolumeError`` in the kubelet's words."""
    if found is None:
        return _absent(source, "secret", str(source.get("secretName") or source.get("name") or ""))
    data = {key: base64.b64decode(text) for key, text in (found.get("data") or {}).items()}
    return _selected(source, data, "references non-existent secret key")


def _absent(source: Obj, kind: str, name: str) -> Files:
    if source.get("optional"):
        return {}
    raise VolumeError(f'{kind} "{name}" not found')


def _selected(source: Obj, data: Mapping[str, bytes], missing: str) -> Files:
    mode = int(source.get("defaultMode") or _DEFAULT_MODE)
    items = source.get("items")
    if not items:
        return {key: VolumeFile(content, mode) for key, content in data.items()}
    files: Files = {}
    for item in items:
        if item["key"] in data:
            files[item["path"]] = VolumeFile(data[item["key"]], int(item.get("mode") or mode))
        elif not source.get("optional"):
            raise VolumeError(f"{missing}: {item['key']}")
    return files


def downward_files(source: Obj, pod: Obj) -> Files:
    """Return the files of a downward API source; raises ``VolumeError``."""
    mode = int(source.get("defaultMode") or _DEFAULT_MODE)
    return {
        item["path"]: VolumeFile(_downward(item, pod).encode(), int(item.get("mode") or mode))
        for item in source.get("items") or []
    }


def _downward(item: Obj, pod: Obj) -> str:
    try:
        if item.get("fieldRef"):
            path = str(item["fieldRef"].get("fieldPath", ""))
            return _map_text(pod, path) if path in _MAPS else field_value(pod, path)
        reference = item.get("resourceFieldRef") or {}
        return resource_value(_container(pod, str(reference.get("containerName", ""))), reference)
    except ConfigError as error:
        raise VolumeError(str(error)) from error


_MAPS = {"metadata.labels": labels_of, "metadata.annotations": annotations_of}


def _map_text(pod: Obj, path: str) -> str:
    # k8s.io/kubernetes/pkg/fieldpath FormatMap: key="quoted value", sorted by key.
    return "\n".join(f"{key}={_quoted(value)}" for key, value in sorted(_MAPS[path](pod).items()))


def _quoted(text: str) -> str:
    escapes = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\t": "\\t", "\r": "\\r"}
    return '"' + "".join(escapes.get(sign, sign) for sign in text) + '"'


def _container(pod: Obj, name: str) -> Obj:
    entries = [*dig(pod, "spec", "initContainers", default=[]), *dig(pod, "spec", "containers", default=[])]
    found = next((entry for entry in entries if entry["name"] == name), None)
    if found is None:
        raise VolumeError(f"container {name} not found")
    return dict(found)
