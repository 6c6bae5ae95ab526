"""Why something is not as it should be: pure, over a picture of the cluster."""

from k8slab.diagnose.causes import Cause, likely_cause
from k8slab.diagnose.findings import Evidence, Finding
from k8slab.diagnose.report import Diagnosis
from k8slab.diagnose.request import Request, parse_request
from k8slab.diagnose.walk import diagnose

__all__ = ["Cause", "Diagnosis", "Evidence", "Finding", "Request", "diagnose", "likely_cause", "parse_request"]
