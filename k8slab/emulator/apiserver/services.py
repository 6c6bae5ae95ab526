"""What handlers need, in one place."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field

from k8slab.clock import Clock
from k8slab.emulator.api import Dialer, PodAccess
from k8slab.emulator.apiserver.authentication import Authenticator
from k8slab.emulator.apiserver.authorization.authorizer import Authorizer
from k8slab.emulator.apiserver.openapi_pages import OpenApiPages
from k8slab.emulator.apiserver.webhooks.admission import WebhookAdmission
from k8slab.emulator.registry.registry import Registry
from k8slab.kube.objects import Obj
from k8slab.kube.resources import Catalog
from k8slab.kube.schema import Schema


@dataclass(frozen=True, slots=True)
class Services:
    """The registry and its tables, the ways to pods, who may come in and do what, and pages beside the Kubernetes API.

    ``extras`` maps a path (``/k8slab/v1/ports``) to what answers it. ``used`` is called for each request, so that the
    process knows when nobody needs the cluster any more.
    """

    registry: Registry
    catalog: Catalog
    schema: Schema
    clock: Clock
    authenticator: Authenticator
    authorizer: Authorizer
    pods: PodAccess | None = None
    dialer: Dialer | None = None
    admission: WebhookAdmission | None = None
    extras: Mapping[str, Callable[[], Awaitable[Obj]]] = field(default_factory=dict)
    used: Callable[[], None] = lambda: None
    server: str = "127.0.0.1"
    openapi: OpenApiPages = field(default_factory=OpenApiPages)
