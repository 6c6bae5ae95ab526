"""Questions about rights and identities: a POST that stores nothing and answers in its status.

Sources: pkg/registry/authorization, pkg/registry/authentication.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from k8slab.clock import Clock, timestamp
from k8slab.emulator.api import Caller
from k8slab.emulator.apiserver.authentication import Authenticator
from k8slab.emulator.apiserver.authorization.authorizer import Authorizer, lost_role, together
from k8slab.emulator.apiserver.callers import user_info
from k8slab.emulator.registry.tokens import ISSUER
from k8slab.kube.objects import Obj, dig
from k8slab.kube.rbac import Attributes
from k8slab.kube.status import INVALID, ApiError, FieldError, bad_request, invalid


@dataclass(frozen=True, slots=True)
class Asked:
    """One question: who asks, where (the namespace of the URL), and what answers may need."""

    caller: Caller
    namespace: str
    authorizer: Authorizer
    authenticator: Authenticator
    clock: Clock


Review = Callable[[Obj, Asked], Obj]


def _self_subject(obj: Obj, asked: Asked) -> Obj:
    meta = {"creationTimestamp": timestamp(asked.clock.now())}
    return {**obj, "metadata": meta, "status": {"userInfo": user_info(asked.caller)}}


def _token(obj: Obj, asked: Asked) -> Obj:
    token = str(dig(obj, "spec", "token", default=""))
    if not token:
        raise bad_request("token is required for TokenReview in authentication")
    audiences = list(dig(obj, "spec", "audiences", default=[]) or [ISSUER])
    found = asked.authenticator.of_token(token)
    if found is None or ISSUER not in audiences:
        return {**obj, "status": {"error": "invalid bearer token", "user": {}}}
    status = {"authenticated": True, "user": user_info(found), "audiences": [ISSUER]}
    return {**obj, "status": status}


def _own_access(obj: Obj, asked: Asked) -> Obj:
    return _decided(obj, asked.caller, asked)


def _access(obj: Obj, asked: Asked) -> Obj:
    return _decided(obj, _subject(obj), asked)


def _local_access(obj: Obj, asked: Asked) -> Obj:
    where = str(dig(obj, "spec", "resourceAttributes", "namespace", default=""))
    if where != asked.namespace:
        path = "spec.resourceAttributes.namespace"
        raise _refused(FieldError(INVALID, path, where, "must match metadata.namespace"))
    return _access(obj, asked)


def _subject(obj: Obj) -> Caller:
    spec = obj.get("spec") or {}
    if not spec.get("user") and not spec.get("groups"):
        detail = "at least one of user or group must be specified"
        raise _refused(FieldError(INVALID, "spec.user", "", detail))
    return Caller(spec.get("user", ""), tuple(spec.get("groups") or ()), spec.get("uid", ""))


def _decided(obj: Obj, subject: Caller, asked: Asked) -> Obj:
    spec = obj.get("spec") or {}
    on, url = spec.get("resourceAttributes"), spec.get("nonResourceAttributes")
    if (on is None) == (url is None):
        detail = "exactly one of nonResourceAttributes or resourceAttributes must be specified"
        path, value = ("spec.nonResourceAttributes", url) if on is not None else ("spec.resourceAttributes", on)
        raise _refused(FieldError(INVALID, path, value, detail))
    decision = asked.authorizer.decide(subject, _attributes(on, url or {}))
    status: Obj = {"allowed": decision.allowed}
    if decision.reason:
        status["reason"] = decision.reason
    return {**obj, "status": status}


def _attributes(on: Obj | None, url: Obj) -> Attributes:
    if on is None:
        return Attributes(url.get("verb", ""), path=url.get("path", ""))
    names = ("verb", "group", "resource", "subresource", "namespace", "name")
    return Attributes(**{name: str(on.get(name, "")) for name in names})


def _refused(error: FieldError) -> ApiError:
    return invalid("authorization.k8s.io", "", "", [error])


def _own_rules(obj: Obj, asked: Asked) -> Obj:
    namespace = str(dig(obj, "spec", "namespace", default=""))
    if not namespace:
        raise bad_request("no namespace on request")
    granted = list(asked.authorizer.rules.of(asked.caller, namespace))
    fields = ("verbs", "apiGroups", "resources", "resourceNames")
    on = [{name: one.rule[name] for name in fields if name in one.rule} for one in granted if one.rule.get("resources")]
    urls = [
        {"verbs": one.rule["verbs"], "nonResourceURLs": one.rule["nonResourceURLs"]}
        for one in granted
        if one.rule.get("nonResourceURLs")
    ]
    status: Obj = {"resourceRules": on, "nonResourceRules": urls, "incomplete": False}
    problems = [lost_role(one) for one in granted if one.lost]
    if problems:
        status["evaluationError"] = together(problems)
    return {**obj, "spec": {}, "status": status}


REVIEWS: Mapping[str, Review] = {
    "selfsubjectreviews.authentication.k8s.io": _self_subject,
    "tokenreviews.authentication.k8s.io": _token,
    "selfsubjectaccessreviews.authorization.k8s.io": _own_access,
    "subjectaccessreviews.authorization.k8s.io": _access,
    "localsubjectaccessreviews.authorization.k8s.io": _local_access,
    "selfsubjectrulesreviews.authorization.k8s.io": _own_rules,
}
