"""Strategies of kinds that guard or describe the cluster as a whole."""

from __future__ import annotations

from collections.abc import Mapping

from k8slab.emulator.registry.strategy import Strategy

_POLICY, _FLOW, _DEVICES = "admissionregistration.k8s.io", "flowcontrol.apiserver.k8s.io", "resource.k8s.io"
_BUDGET = ("disruptionsAllowed", "currentHealthy", "desiredHealthy", "expectedPods")
CLUSTER: Mapping[str, Strategy] = {
    "horizontalpodautoscalers.autoscaling": Strategy(has_status=True),
    "poddisruptionbudgets.policy": Strategy(
        has_status=True, has_generation=True, initial_status=dict.fromkeys(_BUDGET, 0)
    ),
    "networkpolicies.networking.k8s.io": Strategy(has_generation=True),
    "servicecidrs.networking.k8s.io": Strategy(has_status=True),
    "resourcequotas": Strategy(has_status=True),
    "priorityclasses.scheduling.k8s.io": Strategy(has_generation=True),
    "certificatesigningrequests.certificates.k8s.io": Strategy(has_status=True),
    f"validatingadmissionpolicies.{_POLICY}": Strategy(has_status=True, has_generation=True),
    f"validatingadmissionpolicybindings.{_POLICY}": Strategy(has_generation=True),
    f"flowschemas.{_FLOW}": Strategy(has_status=True, has_generation=True),
    f"prioritylevelconfigurations.{_FLOW}": Strategy(has_status=True, has_generation=True),
    f"resourceclaims.{_DEVICES}": Strategy(has_status=True),
}
