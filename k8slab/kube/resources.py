"""Which resources there are: one row each. A new kind starts as a row here."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

ALL_VERBS = ("create", "delete", "deletecollection", "get", "list", "patch", "update", "watch")


@dataclass(frozen=True, slots=True)
class CustomVersion:
    """What a CustomResourceDefinition says of one version of its kind.

    ``schema`` is its OpenAPI v3 schema, ``columns`` its printer columns, ``scale`` the paths of that subresource;
    ``stored`` is the version that the store keeps, ``warning`` what clients of a deprecated version hear.
    """

    schema: Mapping[str, Any]
    columns: tuple[Mapping[str, Any], ...] = ()
    scale: Mapping[str, Any] | None = None
    has_status: bool = False
    stored: str = ""
    preserve: bool = False
    warning: str = ""


@dataclass(frozen=True, slots=True)
class Resource:
    """A resource as discovery describes it. ``group`` is empty for the core group."""

    group: str
    version: str
    kind: str
    plural: str
    singular: str
    namespaced: bool = True
    short_names: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    verbs: tuple[str, ...] = ALL_VERBS
    subresources: tuple[str, ...] = ()
    # Several resources can be views of one stored kind (events of core and of events.k8s.io).
    stored_as: str = field(default="")
    # Where a user defined the kind. Two states of a definition are one resource.
    custom: CustomVersion | None = field(default=None, compare=False)

    @property
    def api_version(self) -> str:
        """Return what manifests write as ``apiVersion``."""
        return f"{self.group}/{self.version}" if self.group else self.version

    @property
    def qualified_name(self) -> str:
        """Return the name that errors use: ``deployments.apps``, ``pods``."""
        return f"{self.plural}.{self.group}" if self.group else self.plural

    @property
    def storage_name(self) -> str:
        """Return the name under which the store keeps the objects."""
        return self.stored_as or self.qualified_name

    def path(self, namespace: str = "", name: str = "", subresource: str = "") -> str:
        """Return the URL path of the collection, the object or the subresource."""
        parts = ["/apis", self.group, self.version] if self.group else ["/api", self.version]
        if namespace and self.namespaced:
            parts += ["namespaces", namespace]
        parts.append(self.plural)
        parts += [part for part in (name, subresource) if part]
        return "/".join(parts)


NAMESPACES = Resource(
    "", "v1", "Namespace", "namespaces", "namespace",
    namespaced=False, short_names=("ns",),
    verbs=("create", "delete", "get", "list", "patch", "update", "watch"),
    subresources=("finalize", "status"),
)  # fmt: skip
NODES = Resource(
    "", "v1", "Node", "nodes", "node", namespaced=False, short_names=("no",), subresources=("proxy", "status")
)
PODS = Resource(
    "", "v1", "Pod", "pods", "pod", short_names=("po",), categories=("all",),
    subresources=(
        "attach", "binding", "ephemeralcontainers", "eviction", "exec", "log", "portforward", "proxy",
        "resize", "status",
    ),
)  # fmt: skip
SERVICES = Resource(
    "", "v1", "Service", "services", "service",
    short_names=("svc",), categories=("all",), subresources=("proxy", "status"),
)  # fmt: skip
ENDPOINTS = Resource("", "v1", "Endpoints", "endpoints", "endpoints", short_names=("ep",))
CONFIG_MAPS = Resource("", "v1", "ConfigMap", "configmaps", "configmap", short_names=("cm",))
SECRETS = Resource("", "v1", "Secret", "secrets", "secret")
SERVICE_ACCOUNTS = Resource(
    "",
    "v1",
    "ServiceAccount",
    "serviceaccounts",
    "serviceaccount",
    short_names=("sa",),
    subresources=("token",),
)
EVENTS = Resource("", "v1", "Event", "events", "event", short_names=("ev",))
DEPLOYMENTS = Resource(
    "apps", "v1", "Deployment", "deployments", "deployment",
    short_names=("deploy",), categories=("all",), subresources=("scale", "status"),
)  # fmt: skip
REPLICA_SETS = Resource(
    "apps", "v1", "ReplicaSet", "replicasets", "replicaset",
    short_names=("rs",), categories=("all",), subresources=("scale", "status"),
)  # fmt: skip
ENDPOINT_SLICES = Resource("discovery.k8s.io", "v1", "EndpointSlice", "endpointslices", "endpointslice")
INGRESSES = Resource(
    "networking.k8s.io",
    "v1",
    "Ingress",
    "ingresses",
    "ingress",
    short_names=("ing",),
    subresources=("status",),
)
INGRESS_CLASSES = Resource(
    "networking.k8s.io", "v1", "IngressClass", "ingressclasses", "ingressclass", namespaced=False
)
JOBS = Resource("batch", "v1", "Job", "jobs", "job", categories=("all",), subresources=("status",))
LEASES = Resource("coordination.k8s.io", "v1", "Lease", "leases", "lease")
_RBAC, _ADMISSION = "rbac.authorization.k8s.io", "admissionregistration.k8s.io"
ROLES = Resource(_RBAC, "v1", "Role", "roles", "role")
ROLE_BINDINGS = Resource(_RBAC, "v1", "RoleBinding", "rolebindings", "rolebinding")
CLUSTER_ROLES = Resource(_RBAC, "v1", "ClusterRole", "clusterroles", "clusterrole", namespaced=False)
CLUSTER_ROLE_BINDINGS = Resource(
    _RBAC, "v1", "ClusterRoleBinding", "clusterrolebindings", "clusterrolebinding", namespaced=False
)
VALIDATING_WEBHOOKS = Resource(
    _ADMISSION, "v1", "ValidatingWebhookConfiguration", "validatingwebhookconfigurations",
    "validatingwebhookconfiguration", namespaced=False, categories=("api-extensions",),
)  # fmt: skip
MUTATING_WEBHOOKS = Resource(
    _ADMISSION, "v1", "MutatingWebhookConfiguration", "mutatingwebhookconfigurations",
    "mutatingwebhookconfiguration", namespaced=False, categories=("api-extensions",),
)  # fmt: skip


def _cluster(group: str, kind: str, plural: str, **more: Any) -> Resource:
    return Resource(group, "v1", kind, plural, kind.lower(), namespaced=False, **more)


def _spaced(group: str, kind: str, plural: str, **more: Any) -> Resource:
    return Resource(group, "v1", kind, plural, kind.lower(), **more)


_ALL, _STATUS = ("all",), ("status",)
COMPONENT_STATUSES = _cluster("", "ComponentStatus", "componentstatuses", short_names=("cs",), verbs=("get", "list"))
BINDINGS = _spaced("", "Binding", "bindings", verbs=("create",))
DAEMON_SETS = _spaced("apps", "DaemonSet", "daemonsets", short_names=("ds",), categories=_ALL, subresources=_STATUS)
STATEFUL_SETS = _spaced(
    "apps", "StatefulSet", "statefulsets", short_names=("sts",), categories=_ALL, subresources=("scale", "status")
)
CONTROLLER_REVISIONS = _spaced("apps", "ControllerRevision", "controllerrevisions")
REPLICATION_CONTROLLERS = _spaced(
    "", "ReplicationController", "replicationcontrollers", short_names=("rc",), categories=_ALL,
    subresources=("scale", "status"),
)  # fmt: skip
POD_TEMPLATES = _spaced("", "PodTemplate", "podtemplates")
CRON_JOBS = _spaced("batch", "CronJob", "cronjobs", short_names=("cj",), categories=_ALL, subresources=_STATUS)
AUTOSCALERS = Resource(
    "autoscaling", "v2", "HorizontalPodAutoscaler", "horizontalpodautoscalers", "horizontalpodautoscaler",
    short_names=("hpa",), categories=_ALL, subresources=_STATUS,
)  # fmt: skip
DISRUPTION_BUDGETS = _spaced(
    "policy", "PodDisruptionBudget", "poddisruptionbudgets", short_names=("pdb",), subresources=_STATUS
)
NETWORK_POLICIES = _spaced("networking.k8s.io", "NetworkPolicy", "networkpolicies", short_names=("netpol",))
SERVICE_CIDRS = _cluster("networking.k8s.io", "ServiceCIDR", "servicecidrs", subresources=_STATUS)
IP_ADDRESSES = _cluster("networking.k8s.io", "IPAddress", "ipaddresses", short_names=("ip",))
RESOURCE_QUOTAS = _spaced("", "ResourceQuota", "resourcequotas", short_names=("quota",), subresources=_STATUS)
LIMIT_RANGES = _spaced("", "LimitRange", "limitranges", short_names=("limits",))
VOLUMES = _cluster("", "PersistentVolume", "persistentvolumes", short_names=("pv",), subresources=_STATUS)
CLAIMS = _spaced("", "PersistentVolumeClaim", "persistentvolumeclaims", short_names=("pvc",), subresources=_STATUS)
_STORAGE = "storage.k8s.io"
STORAGE_CLASSES = _cluster(_STORAGE, "StorageClass", "storageclasses", short_names=("sc",))
CSI_DRIVERS = _cluster(_STORAGE, "CSIDriver", "csidrivers")
CSI_NODES = _cluster(_STORAGE, "CSINode", "csinodes")
CSI_CAPACITIES = _spaced(_STORAGE, "CSIStorageCapacity", "csistoragecapacities")
VOLUME_ATTACHMENTS = _cluster(_STORAGE, "VolumeAttachment", "volumeattachments", subresources=_STATUS)
VOLUME_ATTRIBUTES = _cluster(_STORAGE, "VolumeAttributesClass", "volumeattributesclasses", short_names=("vac",))
PRIORITY_CLASSES = _cluster("scheduling.k8s.io", "PriorityClass", "priorityclasses", short_names=("pc",))
RUNTIME_CLASSES = _cluster("node.k8s.io", "RuntimeClass", "runtimeclasses")
SIGNING_REQUESTS = _cluster(
    "certificates.k8s.io", "CertificateSigningRequest", "certificatesigningrequests", short_names=("csr",),
    subresources=("approval", "status"),
)  # fmt: skip
_EXTENSIONS = ("api-extensions",)
ADMISSION_POLICIES = _cluster(
    _ADMISSION, "ValidatingAdmissionPolicy", "validatingadmissionpolicies", categories=_EXTENSIONS,
    subresources=_STATUS,
)  # fmt: skip
ADMISSION_POLICY_BINDINGS = _cluster(
    _ADMISSION, "ValidatingAdmissionPolicyBinding", "validatingadmissionpolicybindings", categories=_EXTENSIONS
)
_FLOW = "flowcontrol.apiserver.k8s.io"
FLOW_SCHEMAS = _cluster(_FLOW, "FlowSchema", "flowschemas", subresources=_STATUS)
PRIORITY_LEVELS = _cluster(_FLOW, "PriorityLevelConfiguration", "prioritylevelconfigurations", subresources=_STATUS)
_DEVICES = "resource.k8s.io"
DEVICE_CLASSES = _cluster(_DEVICES, "DeviceClass", "deviceclasses")
DEVICE_CLAIMS = _spaced(_DEVICES, "ResourceClaim", "resourceclaims", subresources=_STATUS)
DEVICE_CLAIM_TEMPLATES = _spaced(_DEVICES, "ResourceClaimTemplate", "resourceclaimtemplates")
DEVICE_SLICES = _cluster(_DEVICES, "ResourceSlice", "resourceslices")
DEFINITIONS = _cluster(
    "apiextensions.k8s.io", "CustomResourceDefinition", "customresourcedefinitions", short_names=("crd", "crds"),
    categories=_EXTENSIONS, subresources=_STATUS,
)  # fmt: skip

_AUTHENTICATION, _AUTHORIZATION, _ASKED = "authentication.k8s.io", "authorization.k8s.io", ("create",)
REVIEWS = (
    _cluster(_AUTHENTICATION, "SelfSubjectReview", "selfsubjectreviews", verbs=_ASKED),
    _cluster(_AUTHENTICATION, "TokenReview", "tokenreviews", verbs=_ASKED),
    _spaced(_AUTHORIZATION, "LocalSubjectAccessReview", "localsubjectaccessreviews", verbs=_ASKED),
    _cluster(_AUTHORIZATION, "SelfSubjectAccessReview", "selfsubjectaccessreviews", verbs=_ASKED),
    _cluster(_AUTHORIZATION, "SelfSubjectRulesReview", "selfsubjectrulesreviews", verbs=_ASKED),
    _cluster(_AUTHORIZATION, "SubjectAccessReview", "subjectaccessreviews", verbs=_ASKED),
)

# The order in which /apis lists the groups; those that are not here follow.
_GROUPS = (
    "", "apiregistration.k8s.io", "apps", "events.k8s.io", "authentication.k8s.io", "authorization.k8s.io",
    "autoscaling", "batch", "certificates.k8s.io", "networking.k8s.io", "policy", _RBAC, _STORAGE, _ADMISSION,
    "apiextensions.k8s.io", "scheduling.k8s.io", "coordination.k8s.io", "node.k8s.io", "discovery.k8s.io", _DEVICES,
    _FLOW,
)  # fmt: skip
BUILT_IN = (
    NAMESPACES, NODES, PODS, SERVICES, ENDPOINTS, CONFIG_MAPS, SECRETS, SERVICE_ACCOUNTS, EVENTS,
    DEPLOYMENTS, REPLICA_SETS, ENDPOINT_SLICES, INGRESSES, INGRESS_CLASSES, JOBS, LEASES, ROLES, ROLE_BINDINGS,
    CLUSTER_ROLES, CLUSTER_ROLE_BINDINGS, VALIDATING_WEBHOOKS, MUTATING_WEBHOOKS,
    COMPONENT_STATUSES, BINDINGS,
    DAEMON_SETS, STATEFUL_SETS, CONTROLLER_REVISIONS, REPLICATION_CONTROLLERS, POD_TEMPLATES, CRON_JOBS, AUTOSCALERS,
    DISRUPTION_BUDGETS, NETWORK_POLICIES, SERVICE_CIDRS, IP_ADDRESSES, RESOURCE_QUOTAS, LIMIT_RANGES, VOLUMES, CLAIMS,
    STORAGE_CLASSES, CSI_DRIVERS, CSI_NODES, CSI_CAPACITIES, VOLUME_ATTACHMENTS, VOLUME_ATTRIBUTES, PRIORITY_CLASSES,
    RUNTIME_CLASSES, SIGNING_REQUESTS, ADMISSION_POLICIES, ADMISSION_POLICY_BINDINGS, FLOW_SCHEMAS, PRIORITY_LEVELS,
    DEVICE_CLASSES, DEVICE_CLAIMS, DEVICE_CLAIM_TEMPLATES, DEVICE_SLICES,
    DEFINITIONS, *REVIEWS,
)  # fmt: skip


class Catalog:
    """The resources that are served, with the lookups that clients need: the built-in ones and those of users."""

    def __init__(self, resources: Iterable[Resource] = BUILT_IN) -> None:
        self._built_in = tuple(sorted(resources, key=_rank))
        self._followers: list[Callable[[Iterable[Resource]], None]] = []
        self._index(())

    def follow(self, follower: Callable[[Iterable[Resource]], None]) -> None:
        """Call ``follower`` with the users' resources now and after each change."""
        self._followers.append(follower)
        follower(self.custom)

    def replace_custom(self, resources: Iterable[Resource]) -> None:
        """Serve these resources of users, and no others."""
        self._index(tuple(resources))
        for follower in self._followers:
            follower(self.custom)

    @property
    def custom(self) -> tuple[Resource, ...]:
        """Return the resources that users defined."""
        return self._resources[len(self._built_in) :]

    def _index(self, custom: tuple[Resource, ...]) -> None:
        self._resources = (*self._built_in, *custom)
        self._by_path = {(item.group, item.version, item.plural): item for item in self._resources}
        self._by_kind = {(item.api_version, item.kind): item for item in self._resources}

    def __iter__(self) -> Iterator[Resource]:
        return iter(self._resources)

    def served(self, group: str, version: str, plural: str) -> Resource | None:
        """Return the resource at that URL, or None."""
        return self._by_path.get((group, version, plural))

    def for_kind(self, api_version: str, kind: str) -> Resource | None:
        """Return the resource that holds objects of that kind, or None."""
        return self._by_kind.get((api_version, kind))

    def named(self, word: str) -> Resource | None:
        """Return the resource that kubectl means by a plural, singular, short name, kind or ``plural.group``."""
        lowered = word.lower()
        return next((item for item in self._resources if lowered in _words(item)), None)


def _rank(resource: Resource) -> int:
    return _GROUPS.index(resource.group) if resource.group in _GROUPS else len(_GROUPS)


def _words(resource: Resource) -> tuple[str, ...]:
    names = (resource.plural, resource.singular, resource.kind.lower(), *resource.short_names)
    return (*names, *(f"{name}.{resource.group}" for name in names if resource.group))
