"""The child process that runs an embedded cluster: ``python -m k8slab.emulator.process --name NAME --dir DIR``."""
