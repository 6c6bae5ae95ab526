"""DaemonSet: one pod on each node that it fits on (pkg/controller/daemon)."""

from k8slab.emulator.controllers.daemonset.controller import DaemonSetController as DaemonSetController
