"""HorizontalPodAutoscaler: as many pods as their use asks for (pkg/controller/podautoscaler)."""

from k8slab.emulator.controllers.autoscaler.controller import AutoscalerController as AutoscalerController
