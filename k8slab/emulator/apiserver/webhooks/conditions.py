"""matchConditions of webhooks (k8s.io/apiserver/pkg/admission/plugin/webhook/matchconditions/matcher.go)."""

from __future__ import annotations

from functools import lru_cache

from k8slab.emulator.apiserver.webhooks.matching import Attempt, review_of
from k8slab.emulator.registry.validation.policies import CONDITION_NAMES
from k8slab.kube import cel
from k8slab.kube.objects import Obj
from k8slab.kube.status import forbidden


def meets_conditions(webhook: Obj, attempt: Attempt, user: Obj) -> bool:
    """Tell whether a webhook wants to be asked.

    One false condition is enough to say no; one that cannot be evaluated stops the write (403) unless failures are
    ignored.
    """
    conditions = webhook.get("matchConditions") or []
    if not conditions:
        return True
    request = review_of(attempt, "", user)["request"]
    values = {"object": attempt.new, "oldObject": attempt.old, "request": request}
    problems: list[str] = []
    for condition in conditions:
        try:
            if _compiled(str(condition["expression"])).evaluate(values) is not True:
                return False
        except cel.CelError as error:
            problems.append(f"expression '{condition['expression']}' resulted in error: {error}")
    if not problems:
        return True
    if webhook.get("failurePolicy") == "Ignore":
        return False
    told = problems[0] if len(problems) == 1 else f"[{', '.join(problems)}]"
    raise forbidden(attempt.resource.group, attempt.resource.plural, attempt.name, told)


@lru_cache(maxsize=256)
def _compiled(text: str) -> cel.Expression:
    return cel.compile_expression(text, CONDITION_NAMES)
