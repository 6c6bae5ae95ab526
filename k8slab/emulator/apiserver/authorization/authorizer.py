"""The decision on a request (plugin/pkg/auth/authorizer/rbac/rbac.go)."""

from __future__ import annotations

import json
from dataclasses import dataclass

from k8slab.emulator.api import Caller
from k8slab.emulator.apiserver.authorization.rules import Granted, Rules
from k8slab.kube import rbac
from k8slab.kube.rbac import Attributes
from k8slab.kube.status import ApiError, failure, forbidden, not_found

_GROUP = "rbac.authorization.k8s.io"
_SUPERUSERS = "system:masters"
# responsewriters/errors.go: errors must not look like HTML.
_SAFE = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})


@dataclass(frozen=True, slots=True)
class Decision:
    """Whether it is allowed, and why as far as Kubernetes says it."""

    allowed: bool
    reason: str = ""


class Authorizer:
    """Decides by the roles and bindings of the cluster; members of ``system:masters`` may do everything."""

    def __init__(self, rules: Rules) -> None:
        self.rules = rules

    def decide(self, caller: Caller, wanted: Attributes) -> Decision:
        """Return the decision."""
        if is_superuser(caller):
            return Decision(True)
        problems = []
        for granted in self.rules.of(caller, wanted.namespace):
            if granted.lost:
                problems.append(lost_role(granted))
            elif rbac.allows(granted.rule, wanted):
                return Decision(True, f"RBAC: allowed by {granted.source}")
        return Decision(False, f"RBAC: {together(problems)}" if problems else "")

    def demand(self, caller: Caller, wanted: Attributes) -> None:
        """Raise ``ApiError`` 403 unless it is allowed."""
        decision = self.decide(caller, wanted)
        if not decision.allowed:
            raise refusal(caller, wanted, decision.reason)


def is_superuser(caller: Caller) -> bool:
    """Tell whether no rule is asked for this user."""
    return _SUPERUSERS in caller.groups


def lost_role(granted: Granted) -> str:
    """Return what Kubernetes says of a binding whose role is missing (its lister knows the singular name only)."""
    return str(not_found(_GROUP, granted.kind.lower(), granted.lost))


def together(problems: list[str]) -> str:
    """Return several problems as Go's aggregated errors print them."""
    distinct = list(dict.fromkeys(problems))
    return distinct[0] if len(distinct) == 1 else f"[{', '.join(distinct)}]"


def refusal(caller: Caller, wanted: Attributes, reason: str) -> ApiError:
    """403 in the words of Kubernetes."""
    user = json.dumps(caller.name, ensure_ascii=False)
    if wanted.path:
        text = f'User {user} cannot {wanted.verb} path "{wanted.path}"'.translate(_SAFE)
        return failure(403, "Forbidden", f"forbidden: {text}{f': {reason}' if reason else ''}", {})
    place = f'in the namespace "{wanted.namespace}"' if wanted.namespace else "at the cluster scope"
    what = f'resource "{wanted.whole_resource}" in API group "{wanted.group}"'
    text = f"User {user} cannot {wanted.verb} {what} {place}".translate(_SAFE)
    return forbidden(wanted.group, wanted.resource, wanted.name, f"{text}: {reason}" if reason else text)
