"""StatefulSet: numbered pods with names, volumes and an order of their own (pkg/controller/statefulset)."""

from k8slab.emulator.controllers.statefulset.controller import StatefulSetController as StatefulSetController
