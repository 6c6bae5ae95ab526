"""The table: one strategy for each kind."""

from __future__ import annotations

import base64
from collections.abc import Mapping

from k8slab.emulator.registry.custom.definitions import (
    create_definition,
    default_definition,
    end_definition,
    update_definition,
    validate_definition,
)
from k8slab.emulator.registry.custom.objects import custom_strategy
from k8slab.emulator.registry.defaults.jobs import default_job, generate_selector
from k8slab.emulator.registry.defaults.pods import admit_pod, default_pod, qos_class
from k8slab.emulator.registry.defaults.policies import default_binding, default_ingress_class, default_webhooks
from k8slab.emulator.registry.defaults.services import default_endpoint_slice, default_endpoints, default_service
from k8slab.emulator.registry.defaults.workloads import default_deployment, default_replica_set
from k8slab.emulator.registry.rows.cluster import CLUSTER
from k8slab.emulator.registry.rows.storage import STORAGE
from k8slab.emulator.registry.rows.workloads import WORKLOADS
from k8slab.emulator.registry.service_updates import prepare_service_update
from k8slab.emulator.registry.strategy import Context, Part, Strategy
from k8slab.emulator.registry.subresources import ephemeral_only
from k8slab.emulator.registry.validation.addresses import (
    immutable_address_type,
    validate_endpoint_slice,
    validate_endpoints,
    validate_event,
    validate_node,
    validate_node_update,
)
from k8slab.emulator.registry.validation.ephemeral import validate_ephemeral_update
from k8slab.emulator.registry.validation.ingresses import validate_ingress, validate_new_ingress
from k8slab.emulator.registry.validation.jobs import validate_job, validate_new_job
from k8slab.emulator.registry.validation.names import DNS_1035, LABEL
from k8slab.emulator.registry.validation.pod_updates import validate_pod_update
from k8slab.emulator.registry.validation.pods import validate_new_pod, validate_pod
from k8slab.emulator.registry.validation.policies import (
    PATH_SEGMENT,
    immutable_controller,
    immutable_job,
    immutable_role_reference,
    validate_binding,
    validate_ingress_class,
    validate_role,
    validate_webhooks,
)
from k8slab.emulator.registry.validation.services import validate_service, validate_service_update
from k8slab.emulator.registry.validation.workloads import (
    immutable_data,
    immutable_secret,
    immutable_selector,
    validate_config_map,
    validate_deployment,
    validate_replica_set,
    validate_secret,
)
from k8slab.kube.objects import Obj, metadata, name_of
from k8slab.kube.resources import Resource


def _create_pod(obj: Obj, context: Context) -> None:
    admit_pod(obj, context.entropy.suffix())
    obj["status"] = {"phase": "Pending", "qosClass": qos_class(obj["spec"])}


def _default_secret(obj: Obj) -> None:
    obj.setdefault("type", "Opaque")
    for key, text in (obj.pop("stringData", None) or {}).items():
        obj.setdefault("data", {})[key] = base64.b64encode(text.encode()).decode()


def _create_namespace(obj: Obj, _context: Context) -> None:
    obj["spec"] = {"finalizers": ["kubernetes"]}


def _default_namespace(obj: Obj) -> None:
    if name_of(obj):
        metadata(obj).setdefault("labels", {})["kubernetes.io/metadata.name"] = name_of(obj)


def _end_namespace(obj: Obj, _context: Context) -> None:
    obj["status"] = {**(obj.get("status") or {}), "phase": "Terminating"}


def _keep_spec(new: Obj, old: Obj) -> None:
    new["spec"] = old.get("spec", {})


def _create_replica_set(obj: Obj, _context: Context) -> None:
    obj["status"] = {"replicas": 0}


def _create_job(obj: Obj, _context: Context) -> None:
    generate_selector(obj)
    obj["status"] = {}


_BINDING = Strategy(
    name_rule=PATH_SEGMENT,
    defaults=default_binding,
    validate=validate_binding,
    validate_update=immutable_role_reference,
)
_WEBHOOKS = Strategy(defaults=default_webhooks, validate=validate_webhooks, has_generation=True)
_STRATEGIES: Mapping[str, Strategy] = {
    **WORKLOADS, **STORAGE, **CLUSTER,
    "pods": Strategy(
        defaults=default_pod, create=_create_pod, validate=validate_pod, validate_new=validate_new_pod,
        validate_update=validate_pod_update,
        parts={"ephemeralcontainers": Part(ephemeral_only, validate_ephemeral_update)},
        has_status=True, has_generation=True, graceful=True,
    ),
    "services": Strategy(
        name_rule=DNS_1035, defaults=default_service, update=prepare_service_update, validate=validate_service,
        validate_update=validate_service_update, has_status=True, initial_status={"loadBalancer": {}},
    ),
    "namespaces": Strategy(
        name_rule=LABEL, defaults=_default_namespace, create=_create_namespace, update=_keep_spec, has_status=True,
        initial_status={"phase": "Active"}, ending=_end_namespace,
    ),
    "nodes": Strategy(
        validate=validate_node, validate_update=validate_node_update, has_status=True, keeps_first_status=True
    ),
    "events": Strategy(validate=validate_event),
    "endpoints": Strategy(defaults=default_endpoints, validate=validate_endpoints),
    "endpointslices.discovery.k8s.io": Strategy(
        defaults=default_endpoint_slice, validate=validate_endpoint_slice, validate_update=immutable_address_type,
        has_generation=True,
    ),
    "configmaps": Strategy(validate=validate_config_map, validate_update=immutable_data),
    "secrets": Strategy(defaults=_default_secret, validate=validate_secret, validate_update=immutable_secret),
    "deployments.apps": Strategy(
        defaults=default_deployment, validate=validate_deployment, validate_update=immutable_selector,
        has_status=True, has_generation=True,
    ),
    "replicasets.apps": Strategy(
        defaults=default_replica_set, create=_create_replica_set, validate=validate_replica_set,
        validate_update=immutable_selector, has_status=True, has_generation=True,
    ),
    "ingresses.networking.k8s.io": Strategy(
        validate=validate_ingress, validate_new=validate_new_ingress, has_status=True, has_generation=True,
        initial_status={"loadBalancer": {}},
    ),
    "jobs.batch": Strategy(
        defaults=default_job, create=_create_job, validate=validate_job, validate_new=validate_new_job,
        validate_update=immutable_job,
        has_status=True, has_generation=True,
    ),
    "ingressclasses.networking.k8s.io": Strategy(
        defaults=default_ingress_class, validate=validate_ingress_class, validate_update=immutable_controller,
        has_generation=True,
    ),
    "customresourcedefinitions.apiextensions.k8s.io": Strategy(
        defaults=default_definition, create=create_definition, update=update_definition, validate=validate_definition,
        ending=end_definition, has_status=True, has_generation=True,
    ),
    "roles.rbac.authorization.k8s.io": Strategy(name_rule=PATH_SEGMENT, validate=validate_role),
    "clusterroles.rbac.authorization.k8s.io": Strategy(name_rule=PATH_SEGMENT, validate=validate_role),
    "rolebindings.rbac.authorization.k8s.io": _BINDING,
    "clusterrolebindings.rbac.authorization.k8s.io": _BINDING,
    "validatingwebhookconfigurations.admissionregistration.k8s.io": _WEBHOOKS,
    "mutatingwebhookconfigurations.admissionregistration.k8s.io": _WEBHOOKS,
}  # fmt: skip
_PLAIN = Strategy()


def strategy_of(resource: Resource) -> Strategy:
    """Return the rules of a kind; kinds without a row have none of their own."""
    if resource.custom is not None:
        return custom_strategy(resource.custom)
    return _STRATEGIES.get(resource.qualified_name, _PLAIN)
