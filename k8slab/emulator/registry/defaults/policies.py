"""Defaults of roles' bindings, webhooks and ingress classes."""

from __future__ import annotations

from k8slab.kube.objects import Obj

_RBAC = "rbac.authorization.k8s.io"


def default_binding(obj: Obj) -> None:
    """Fill in a RoleBinding or ClusterRoleBinding (pkg/apis/rbac/v1/defaults.go)."""
    if obj.get("roleRef"):
        obj["roleRef"].setdefault("apiGroup", _RBAC)
    for subject in obj.get("subjects") or []:
        if subject.get("kind") in ("User", "Group"):
            subject.setdefault("apiGroup", _RBAC)


def default_webhooks(obj: Obj) -> None:
    """Fill in a webhook configuration (pkg/apis/admissionregistration/v1/defaults.go)."""
    for webhook in obj.get("webhooks") or []:
        webhook.setdefault("failurePolicy", "Fail")
        webhook.setdefault("matchPolicy", "Equivalent")
        webhook.setdefault("namespaceSelector", {})
        webhook.setdefault("objectSelector", {})
        webhook.setdefault("timeoutSeconds", 10)
        if obj.get("kind") == "MutatingWebhookConfiguration":
            webhook.setdefault("reinvocationPolicy", "Never")
        service = (webhook.get("clientConfig") or {}).get("service")
        if service is not None:
            service.setdefault("port", 443)
        for rule in webhook.get("rules") or []:
            rule.setdefault("scope", "*")


def default_ingress_class(obj: Obj) -> None:
    """Fill in an IngressClass (pkg/apis/networking/v1/defaults.go)."""
    parameters = (obj.get("spec") or {}).get("parameters")
    if parameters is not None:
        parameters.setdefault("scope", "Cluster")
