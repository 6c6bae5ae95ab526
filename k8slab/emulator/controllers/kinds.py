"""The controllers of the kinds beside Deployments, Services and namespaces."""

from __future__ import annotations

from k8slab.emulator.controllers.autoscaler import AutoscalerController
from k8slab.emulator.controllers.autoscaler.controller import NoUsage
from k8slab.emulator.controllers.cronjob import CronJobController
from k8slab.emulator.controllers.daemonset import DaemonSetController
from k8slab.emulator.controllers.disruption import DisruptionController
from k8slab.emulator.controllers.quota import QuotaController
from k8slab.emulator.controllers.replicaset import ReplicationControllerController
from k8slab.emulator.controllers.signing import Sign, SigningController
from k8slab.emulator.controllers.statefulset import StatefulSetController
from k8slab.emulator.controllers.taint_eviction import TaintEviction
from k8slab.emulator.controllers.volumes import (
    ClaimBinder,
    ClaimProtection,
    LocalProvisioner,
    VolumeProtection,
    VolumeReclaimer,
)
from k8slab.emulator.machinery.controller import Controller, Desk


def kind_controllers(desk: Desk, sign: Sign) -> list[Controller]:
    """Return one controller a kind; ``sign`` makes certificates of requests."""
    return [
        DaemonSetController(desk),
        StatefulSetController(desk),
        ReplicationControllerController(desk),
        CronJobController(desk),
        ClaimBinder(desk),
        VolumeReclaimer(desk),
        ClaimProtection(desk),
        VolumeProtection(desk),
        LocalProvisioner(desk),
        DisruptionController(desk),
        TaintEviction(desk),
        AutoscalerController(desk, NoUsage()),
        SigningController(desk, sign),
        QuotaController(desk),
    ]
