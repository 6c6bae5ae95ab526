"""Claims and volumes: binding, provisioning, reclaiming, protection (pkg/controller/volume)."""

from k8slab.emulator.controllers.volumes.claims import ClaimBinder as ClaimBinder
from k8slab.emulator.controllers.volumes.protection import ClaimProtection as ClaimProtection
from k8slab.emulator.controllers.volumes.protection import VolumeProtection as VolumeProtection
from k8slab.emulator.controllers.volumes.provisioner import LocalProvisioner as LocalProvisioner
from k8slab.emulator.controllers.volumes.volumes import VolumeReclaimer as VolumeReclaimer
