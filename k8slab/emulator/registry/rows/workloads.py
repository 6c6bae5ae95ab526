"""Strategies of the kinds that run pods beside Deployments and Jobs."""

from __future__ import annotations

from collections.abc import Mapping

from k8slab.emulator.registry.defaults.jobs import default_cron_job
from k8slab.emulator.registry.defaults.workloads import (
    default_daemon_set,
    default_pod_template,
    default_replication_controller,
    default_stateful_set,
)
from k8slab.emulator.registry.strategy import Context, Strategy
from k8slab.emulator.registry.validation.jobs import validate_cron_job, validate_new_cron_job
from k8slab.emulator.registry.validation.names import LABEL
from k8slab.emulator.registry.validation.pods import validate_template
from k8slab.emulator.registry.validation.sets import (
    immutable_revision,
    immutable_stateful_set,
    validate_changed_stateful_set,
    validate_controller_revision,
    validate_daemon_set,
    validate_replication_controller,
    validate_stateful_set,
)
from k8slab.emulator.registry.validation.workloads import immutable_selector
from k8slab.kube.objects import Obj, annotations_of, dig, metadata

# How often the template changed: a field before apps/v1, an annotation since.
_TEMPLATE_GENERATION = "deprecated.daemonset.template.generation"
_DAEMONS = ("currentNumberScheduled", "numberMisscheduled", "desiredNumberScheduled", "numberReady")


def _create_daemon_set(obj: Obj, _context: Context) -> None:
    metadata(obj).setdefault("annotations", {}).setdefault(_TEMPLATE_GENERATION, "1")


def _update_daemon_set(new: Obj, old: Obj) -> None:
    count = int(annotations_of(old).get(_TEMPLATE_GENERATION, "1"))
    if dig(new, "spec", "template") != dig(old, "spec", "template"):
        count += 1
    annotations = metadata(new).setdefault("annotations", {})
    annotations[_TEMPLATE_GENERATION] = str(count)


WORKLOADS: Mapping[str, Strategy] = {
    "daemonsets.apps": Strategy(
        defaults=default_daemon_set, create=_create_daemon_set, update=_update_daemon_set,
        validate=validate_daemon_set, validate_update=immutable_selector, update_first=True, has_status=True,
        has_generation=True,
        initial_status=dict.fromkeys(_DAEMONS, 0),
    ),
    "statefulsets.apps": Strategy(
        name_rule=LABEL, defaults=default_stateful_set, validate=validate_changed_stateful_set,
        validate_new=validate_stateful_set, validate_update=immutable_stateful_set, has_status=True,
        has_generation=True, initial_status={"replicas": 0, "availableReplicas": 0},
    ),
    "controllerrevisions.apps": Strategy(
        validate=validate_controller_revision, validate_update=immutable_revision
    ),
    "replicationcontrollers": Strategy(
        defaults=default_replication_controller, validate=validate_replication_controller, has_status=True,
        has_generation=True, initial_status={"replicas": 0},
    ),
    "cronjobs.batch": Strategy(
        defaults=default_cron_job, validate=validate_cron_job, validate_new=validate_new_cron_job, has_status=True,
        has_generation=True,
    ),
    "podtemplates": Strategy(
        defaults=default_pod_template, validate=lambda obj: validate_template(obj.get("template") or {}, "template"),
        has_generation=True,
    ),
}  # fmt: skip
