"""Why something is not as it should be: pure, over a picture of the cluster."""

from k8slab.diagnose.causes import Cause, likely_cause

__all__ = ["Cause", "likely_cause"]
