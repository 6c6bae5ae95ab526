"""The controllers of the embedded cluster; each one works through the API only and knows no other."""

from __future__ import annotations

from k8slab.clock import Clock, Entropy
from k8slab.emulator.api import Api
from k8slab.emulator.controllers.bootstrap import SERVER_ADDRESS as SERVER_ADDRESS
from k8slab.emulator.controllers.bootstrap import SERVER_PORT as SERVER_PORT
from k8slab.emulator.controllers.bootstrap import bootstrap as bootstrap
from k8slab.emulator.controllers.definitions.controller import DefinitionController
from k8slab.emulator.controllers.definitions.controller import serve_definitions as serve_definitions
from k8slab.emulator.controllers.deployment import DeploymentController
from k8slab.emulator.controllers.endpoint_mirror import EndpointMirror
from k8slab.emulator.controllers.endpoint_slice import EndpointSliceController
from k8slab.emulator.controllers.endpoints import EndpointsController
from k8slab.emulator.controllers.garbage import GarbageCollector
from k8slab.emulator.controllers.job import JobController
from k8slab.emulator.controllers.kinds import kind_controllers
from k8slab.emulator.controllers.namespace import NamespaceController
from k8slab.emulator.controllers.rbac.aggregation import ClusterRoleAggregation
from k8slab.emulator.controllers.replicaset import ReplicaSetController
from k8slab.emulator.controllers.scheduler import Scheduler
from k8slab.emulator.controllers.service_account import RootCaPublisher, ServiceAccountController
from k8slab.emulator.controllers.service_account_tokens import TokenController
from k8slab.emulator.controllers.signing import Sign
from k8slab.emulator.machinery.controller import Controller, Desk
from k8slab.emulator.machinery.manager import Manager
from k8slab.kube.resources import Catalog


def build(desk: Desk, catalog: Catalog, root_ca: str, sign: Sign) -> list[Controller]:
    """Return all controllers; ``root_ca`` is the PEM text that pods trust, ``sign`` signs with its key."""
    return [
        DeploymentController(desk),
        ReplicaSetController(desk),
        JobController(desk),
        *kind_controllers(desk, sign),
        Scheduler(desk),
        EndpointSliceController(desk),
        EndpointsController(desk),
        EndpointMirror(desk),
        ClusterRoleAggregation(desk),
        DefinitionController(desk, catalog),
        ServiceAccountController(desk),
        TokenController(desk, root_ca),
        RootCaPublisher(desk, root_ca),
        NamespaceController(desk, catalog),
        GarbageCollector(desk, catalog),
    ]


def controller_manager(api: Api, clock: Clock, entropy: Entropy, catalog: Catalog, root_ca: str, sign: Sign) -> Manager:
    """Return everything that Kubernetes runs as controller manager and scheduler, ready to ``start``."""
    desk = Desk(api, clock, entropy)
    manager = Manager(desk, build(desk, catalog, root_ca, sign))
    catalog.follow(manager.extend)
    return manager
