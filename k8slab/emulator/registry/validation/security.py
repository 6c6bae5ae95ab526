"""Rules of a container's security context (ValidateSecurityContext of pkg/apis/core/validation)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from k8slab.emulator.registry.validation.pod_details import validate_profile
from k8slab.emulator.registry.validation.values import in_range, one_of
from k8slab.kube.objects import Obj
from k8slab.kube.status import INVALID, FieldError

# The fields in the order of Kubernetes' internal type, as its messages show them.
_FIELDS = (
    "capabilities", "privileged", "seLinuxOptions", "windowsOptions", "runAsUser", "runAsGroup", "runAsNonRoot",
    "readOnlyRootFilesystem", "allowPrivilegeEscalation", "procMount", "seccompProfile", "appArmorProfile",
)  # fmt: skip
_INTERNAL = {"seLinuxOptions": "SELinuxOptions"}


def validate_security(context: Obj, path: str) -> Iterator[FieldError]:
    """Yield what is wrong with a security context."""
    yield from in_range(f"{path}.runAsUser", context.get("runAsUser"))
    yield from in_range(f"{path}.runAsGroup", context.get("runAsGroup"))
    if context.get("procMount"):
        yield from one_of(f"{path}.procMount", context["procMount"], ("Default", "Unmasked"))
    yield from validate_profile(context, path)
    if context.get("allowPrivilegeEscalation") is False and context.get("privileged"):
        detail = "cannot set `allowPrivilegeEscalation` to false and `privileged` to true"
        yield FieldError(INVALID, path, _shown(context), detail)
    added = (context.get("capabilities") or {}).get("add") or []
    if context.get("allowPrivilegeEscalation") is False and any(
        name in added for name in ("SYS_ADMIN", "CAP_SYS_ADMIN")
    ):
        detail = "cannot set `allowPrivilegeEscalation` to false and `capabilities.Add` CAP_SYS_ADMIN"
        yield FieldError(INVALID, path, _shown(context), detail)


def _shown(context: Mapping[str, Any]) -> Obj:
    return {_INTERNAL.get(name, name[0].upper() + name[1:]): context.get(name) for name in _FIELDS}
