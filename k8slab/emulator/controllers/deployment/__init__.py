"""Deployment: one ReplicaSet for each version of the pod template, and the way from one to the next."""

from k8slab.emulator.controllers.deployment.controller import DeploymentController as DeploymentController
