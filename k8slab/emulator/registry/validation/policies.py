"""Rules of roles, bindings, webhooks, ingress classes and Jobs."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from k8slab.emulator.registry.validation.names import SUBDOMAIN, NameRule, check
from k8slab.emulator.registry.validation.values import one_of, port_number
from k8slab.kube import cel
from k8slab.kube.objects import Obj, dig
from k8slab.kube.status import FORBIDDEN, INVALID, REQUIRED, FieldError

# Names of RBAC objects only have to be parts of a URL's path: system:node is one.
PATH_SEGMENT = NameRule(re.compile(r"(?!\.\.?$)[^/%]+"), 253, "may not contain '/' or '%', and may not be '.' or '..'")
_KINDS = ("Group", "ServiceAccount", "User")
_LONGEST_TIMEOUT = 30
# What the conditions of a webhook can look at.
CONDITION_NAMES = ("object", "oldObject", "request")


def validate_role(obj: Obj) -> Iterator[FieldError]:
    """Yield what is wrong with a Role or ClusterRole (pkg/apis/rbac/validation)."""
    cluster = obj.get("kind") == "ClusterRole"
    for index, rule in enumerate(obj.get("rules") or []):
        yield from _rule(rule, f"rules[{index}]", cluster=cluster)


def _rule(rule: Obj, path: str, *, cluster: bool) -> Iterator[FieldError]:
    if not rule.get("verbs"):
        yield FieldError(REQUIRED, f"{path}.verbs", detail="verbs must contain at least one value")
    if rule.get("nonResourceURLs"):
        if not cluster:
            detail = "namespaced rules cannot apply to non-resource URLs"
            yield FieldError(INVALID, f"{path}.nonResourceURLs", rule["nonResourceURLs"], detail)
        if rule.get("apiGroups") or rule.get("resources") or rule.get("resourceNames"):
            detail = "rules cannot apply to both regular resources and non-resource URLs"
            yield FieldError(INVALID, f"{path}.nonResourceURLs", rule["nonResourceURLs"], detail)
        return
    if not rule.get("apiGroups"):
        detail = "resource rules must supply at least one api group"
        yield FieldError(REQUIRED, f"{path}.apiGroups", detail=detail)
    if not rule.get("resources"):
        detail = "resource rules must supply at least one resource"
        yield FieldError(REQUIRED, f"{path}.resources", detail=detail)


def validate_binding(obj: Obj) -> Iterator[FieldError]:
    """Yield what is wrong with a RoleBinding or ClusterRoleBinding."""
    reference = obj.get("roleRef") or {}
    yield from one_of("roleRef.apiGroup", reference.get("apiGroup", ""), ("rbac.authorization.k8s.io",))
    kinds = ("Role", "ClusterRole") if obj.get("kind") == "RoleBinding" else ("ClusterRole",)
    yield from one_of("roleRef.kind", reference.get("kind", ""), kinds)
    if not reference.get("name"):
        yield FieldError(REQUIRED, "roleRef.name")
    for index, subject in enumerate(obj.get("subjects") or []):
        yield from _subject(subject, f"subjects[{index}]", in_namespace=obj.get("kind") == "RoleBinding")


def _subject(subject: Obj, path: str, *, in_namespace: bool) -> Iterator[FieldError]:
    kind = subject.get("kind", "")
    if not subject.get("name"):
        yield FieldError(REQUIRED, f"{path}.name")
    if kind not in _KINDS:
        yield from one_of(f"{path}.kind", kind, ("ServiceAccount", "User", "Group"))
    elif kind == "ServiceAccount":
        if subject.get("name"):
            yield from check(SUBDOMAIN, f"{path}.name", subject["name"])
        if not in_namespace and not subject.get("namespace"):
            yield FieldError(REQUIRED, f"{path}.namespace")


def immutable_role_reference(new: Obj, old: Obj) -> Iterator[FieldError]:
    """Yield an error when a binding is to bind another role."""
    if new.get("roleRef") != old.get("roleRef"):
        reference = new.get("roleRef") or {}
        shown = {name[0].upper() + name[1:]: reference.get(name, "") for name in ("apiGroup", "kind", "name")}
        shown = {"APIGroup": shown["ApiGroup"], "Kind": shown["Kind"], "Name": shown["Name"]}
        yield FieldError(INVALID, "roleRef", shown, "cannot change roleRef")


def validate_webhooks(obj: Obj) -> Iterator[FieldError]:
    """Yield what is wrong with a webhook configuration (pkg/apis/admissionregistration/validation)."""
    for index, webhook in enumerate(obj.get("webhooks") or []):
        yield from _webhook(webhook, f"webhooks[{index}]")


def _conditions(conditions: Sequence[Obj], path: str) -> Iterator[FieldError]:
    for index, condition in enumerate(conditions):
        where = f"{path}[{index}]"
        if not condition.get("name"):
            yield FieldError(REQUIRED, f"{where}.name")
        if not cel.available():
            text = (
                f"conditions in CEL need a library on the embedded cluster: {cel.INSTALL}, then start the cluster anew"
            )
            yield FieldError(FORBIDDEN, f"{where}.expression", detail=text)
        elif not condition.get("expression"):
            yield FieldError(REQUIRED, f"{where}.expression")
        else:
            try:
                cel.compile_expression(condition["expression"], CONDITION_NAMES)
            except cel.CelError as error:
                text = f"compilation failed: {error}"
                yield FieldError(INVALID, f"{where}.expression", condition["expression"], text)


def _webhook(webhook: Obj, path: str) -> Iterator[FieldError]:
    name = webhook.get("name", "")
    yield from check(SUBDOMAIN, f"{path}.name", name)
    if name.count(".") < 2:  # noqa: PLR2004 - three parts have two dots
        detail = "should be a domain with at least three segments separated by dots"
        yield FieldError(INVALID, f"{path}.name", name, detail)
    if not webhook.get("admissionReviewVersions"):
        detail = "must specify one of v1, v1beta1"
        yield FieldError(REQUIRED, f"{path}.admissionReviewVersions", detail=detail)
    yield from one_of(f"{path}.failurePolicy", webhook.get("failurePolicy"), ("Fail", "Ignore"))
    yield from one_of(f"{path}.matchPolicy", webhook.get("matchPolicy"), ("Equivalent", "Exact"))
    if not webhook.get("sideEffects"):
        yield FieldError(REQUIRED, f"{path}.sideEffects", detail="must specify one of None, NoneOnDryRun")
    else:
        yield from one_of(f"{path}.sideEffects", webhook["sideEffects"], ("None", "NoneOnDryRun"))
    seconds = webhook.get("timeoutSeconds", 10)
    if not 1 <= seconds <= _LONGEST_TIMEOUT:
        detail = "the timeout value must be between 1 and 30 seconds"
        yield FieldError(INVALID, f"{path}.timeoutSeconds", seconds, detail)
    yield from _client(webhook.get("clientConfig") or {}, f"{path}.clientConfig")
    yield from _conditions(webhook.get("matchConditions") or [], f"{path}.matchConditions")


def _client(config: Obj, path: str) -> Iterator[FieldError]:
    url, service = config.get("url"), config.get("service")
    if (url is None) == (service is None):
        yield FieldError(REQUIRED, path, detail="exactly one of url or service is required")
    elif url is not None and not str(url).startswith("https://"):
        yield FieldError(
            INVALID, f"{path}.url", url, "'https' is the only allowed URL scheme; desired format: https://host[/path]"
        )
    elif service is not None:
        for field, detail in (("name", "service name is required"), ("namespace", "service namespace is required")):
            if not service.get(field):
                yield FieldError(REQUIRED, f"{path}.service.{field}", detail=detail)
        yield from port_number(f"{path}.service.port", int(service.get("port", 443)))


def validate_ingress_class(obj: Obj) -> Iterator[FieldError]:
    """Yield what is wrong with an IngressClass (pkg/apis/networking/validation)."""
    controller = str(dig(obj, "spec", "controller", default=""))
    if not controller:
        return
    domain, slash, path = controller.partition("/")
    if not slash or not path:
        detail = 'must be a domain-prefixed path (such as "acme.io/foo")'
        yield FieldError(INVALID, "spec.controller", controller, detail)
    else:
        yield from check(SUBDOMAIN, "spec.controller", domain)


def immutable_controller(new: Obj, old: Obj) -> Iterator[FieldError]:
    """Yield an error when the controller of an IngressClass changed."""
    if dig(new, "spec", "controller") != dig(old, "spec", "controller"):
        yield FieldError(INVALID, "spec.controller", dig(new, "spec", "controller"), "field is immutable")


def immutable_job(new: Obj, old: Obj) -> Iterator[FieldError]:
    """Yield errors for what may not change in a Job."""
    for name in _FIXED:
        after, before = dig(new, "spec", name), dig(old, "spec", name)
        if after != before:
            yield FieldError(INVALID, f"spec.{name}", after, "field is immutable")


_FIXED: Sequence[str] = ("completions", "selector", "template", "completionMode", "backoffLimitPerIndex")
