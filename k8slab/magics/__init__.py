"""The magics of the notebook; loaded by ``%load_ext k8slab``."""
