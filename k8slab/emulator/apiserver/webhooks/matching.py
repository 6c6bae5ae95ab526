"""Which webhooks a request concerns (k8s.io/apiserver/pkg/admission/plugin/webhook). Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from k8slab.kube.objects import Obj, labels_of
from k8slab.kube.resources import Resource
from k8slab.kube.selectors import label_selector_of


@dataclass(frozen=True, slots=True)
class Attempt:
    """A write that is about to happen. ``operation`` is CREATE, UPDATE or DELETE; ``new`` is None for DELETE."""

    resource: Resource
    namespace: str
    name: str
    subresource: str
    operation: str
    new: Obj | None
    old: Obj | None
    dry_run: bool


def concerns(webhook: Obj, attempt: Attempt, namespace_labels: Mapping[str, str] | None) -> bool:
    """Tell whether a webhook is to be asked. ``namespace_labels`` is None outside namespaces."""
    if not any(_rule_matches(rule, attempt) for rule in webhook.get("rules") or []):
        return False
    if namespace_labels is not None and not label_selector_of(webhook.get("namespaceSelector") or {}).matches(
        namespace_labels
    ):
        return False
    selector = label_selector_of(webhook.get("objectSelector") or {})
    return any(selector.matches(labels_of(obj)) for obj in (attempt.new, attempt.old) if obj is not None)


def _rule_matches(rule: Obj, attempt: Attempt) -> bool:
    resource = attempt.resource
    scope = rule.get("scope", "*")
    return (
        _lists(rule.get("operations"), attempt.operation)
        and _lists(rule.get("apiGroups"), resource.group)
        and _lists(rule.get("apiVersions"), resource.version)
        and any(_resource_matches(pattern, attempt) for pattern in rule.get("resources") or [])
        and (scope == "*" or (scope == "Namespaced") == resource.namespaced)
    )


def _lists(values: Sequence[str] | None, value: str) -> bool:
    return any(entry in ("*", value) for entry in values or [])


def _resource_matches(pattern: str, attempt: Attempt) -> bool:
    plural, _, part = pattern.partition("/")
    return plural in ("*", attempt.resource.plural) and part in ((attempt.subresource, "*") if "/" in pattern else
                                                                 ("",) if not attempt.subresource else ())  # fmt: skip


_OPTIONS = {"CREATE": "CreateOptions", "UPDATE": "UpdateOptions", "DELETE": "DeleteOptions"}


def review_of(attempt: Attempt, uid: str, user: Obj) -> Obj:
    """Return the AdmissionReview to send (admission.k8s.io/v1); ``user`` is an authentication.k8s.io UserInfo."""
    resource = attempt.resource
    kind = {"group": resource.group, "version": resource.version, "kind": resource.kind}
    plural = {"group": resource.group, "version": resource.version, "resource": resource.plural}
    request = {
        "uid": uid, "kind": kind, "resource": plural, "subResource": attempt.subresource, "requestKind": kind,
        "requestResource": plural, "requestSubResource": attempt.subresource, "name": attempt.name,
        "namespace": attempt.namespace, "operation": attempt.operation,
        "userInfo": user, "object": attempt.new, "oldObject": attempt.old,
        "dryRun": attempt.dry_run, "options": {"kind": _OPTIONS[attempt.operation], "apiVersion": "meta.k8s.io/v1"},
    }  # fmt: skip
    kept = {key: value for key, value in request.items() if value != ""}
    return {"kind": "AdmissionReview", "apiVersion": "admission.k8s.io/v1", "request": kept}
