"""CronJob: a Job at each time of its schedule (pkg/controller/cronjob)."""

from k8slab.emulator.controllers.cronjob.controller import CronJobController as CronJobController
