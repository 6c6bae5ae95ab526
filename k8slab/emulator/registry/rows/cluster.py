"""Strategies of kinds that guard or describe the cluster as a whole."""

from __future__ import annotations

from collections.abc import Mapping

from k8slab.emulator.registry.strategy import Errors, Part, Strategy
from k8slab.emulator.registry.validation.autoscalers import default_autoscaler, validate_autoscaler
from k8slab.emulator.registry.validation.certificates import (
    decided,
    keep_request,
    validate_decision,
    validate_signing_request,
)
from k8slab.emulator.registry.validation.guards import (
    default_limit_range,
    default_priority_class,
    immutable_priority,
    immutable_scopes,
    validate_budget,
    validate_limit_range,
    validate_priority_class,
    validate_quota,
)
from k8slab.emulator.registry.validation.network_policies import default_network_policy, validate_network_policy
from k8slab.emulator.registry.validation.policies import PATH_SEGMENT
from k8slab.kube.objects import Obj
from k8slab.kube.status import FORBIDDEN, FieldError

_POLICY, _FLOW, _DEVICES = "admissionregistration.k8s.io", "flowcontrol.apiserver.k8s.io", "resource.k8s.io"
_BUDGET = ("disruptionsAllowed", "currentHealthy", "desiredHealthy", "expectedPods")


def _not_evaluated(_obj: Obj) -> Errors:
    """Refuse what would otherwise be kept and never asked."""
    detail = (
        "the embedded cluster does not evaluate ValidatingAdmissionPolicies; they work on kind: "
        "%lab start --cluster kind"
    )
    yield FieldError(FORBIDDEN, "spec.policyName", detail=detail)


CLUSTER: Mapping[str, Strategy] = {
    "horizontalpodautoscalers.autoscaling": Strategy(
        defaults=default_autoscaler,
        validate=validate_autoscaler,
        has_status=True,
        initial_status={"currentMetrics": None, "desiredReplicas": 0},
    ),
    "poddisruptionbudgets.policy": Strategy(
        validate=validate_budget, has_status=True, has_generation=True, initial_status=dict.fromkeys(_BUDGET, 0)
    ),
    "networkpolicies.networking.k8s.io": Strategy(
        defaults=default_network_policy, validate=validate_network_policy, has_generation=True
    ),
    "servicecidrs.networking.k8s.io": Strategy(has_status=True),
    "resourcequotas": Strategy(validate=validate_quota, validate_update=immutable_scopes, has_status=True),
    "limitranges": Strategy(defaults=default_limit_range, validate=validate_limit_range),
    "priorityclasses.scheduling.k8s.io": Strategy(
        defaults=default_priority_class,
        validate=validate_priority_class,
        validate_update=immutable_priority,
        has_generation=True,
    ),
    "certificatesigningrequests.certificates.k8s.io": Strategy(
        name_rule=PATH_SEGMENT,
        update=keep_request,
        validate=validate_signing_request,
        has_status=True,
        parts={"approval": Part(decided, validate_decision)},
    ),
    f"validatingadmissionpolicies.{_POLICY}": Strategy(has_status=True, has_generation=True),
    f"validatingadmissionpolicybindings.{_POLICY}": Strategy(validate_new=_not_evaluated, has_generation=True),
    f"flowschemas.{_FLOW}": Strategy(has_status=True, has_generation=True),
    f"prioritylevelconfigurations.{_FLOW}": Strategy(has_status=True, has_generation=True),
    f"resourceclaims.{_DEVICES}": Strategy(has_status=True),
}
