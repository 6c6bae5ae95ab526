"""Job: pods that run to their end until enough have succeeded (pkg/controller/job)."""

from k8slab.emulator.controllers.job.controller import JobController as JobController
