"""Answers that an app itself gave, when everything before it is in order."""

from __future__ import annotations

from collections.abc import Iterator

from k8slab.diagnose.findings import Evidence, Finding
from k8slab.diagnose.request import Request
from k8slab.diagnose.words import in_namespace

# What the app's own status means; the way to it is not to blame.
_STATUSES: dict[str, tuple[str, str]] = {
    "400": ("app-bad-request", "the app calls the request malformed (does that port speak https?)."),
    "401": ("app-unauthorized", "the app wants a login."),
    "403": ("app-forbidden", "the app does not allow this path (in nginx: no index file, or no right to read)."),
    "404": ("app-path-unknown", "the app was reached and has nothing at the path {path}."),
    "405": ("app-method", "the app does not allow {method} there."),
    "413": ("app-body-too-large", "the app takes no body as large as this."),
    "500": ("app-error", "the app itself fails: its log says why."),
    "502": ("upstream-broken", "a proxy got no proper answer from what stands behind it."),
    "503": ("app-unavailable", "the app says that it is not available."),
    "504": ("upstream-slow", "a proxy waited too long for what stands behind it."),
}


def app_findings(request: Request, evidence: Evidence, pod: str, namespace: str, path: str) -> Iterator[Finding]:
    """Yield what the answer of the app means (only when one came)."""
    command = in_namespace(f"kubectl logs {pod}" if pod else "kubectl get pods", namespace)
    if evidence.symptom in _STATUSES:
        cause, meaning = _STATUSES[evidence.symptom]
        text = f"The request arrives; {meaning.format(path=path, method=request.method)}"
        yield Finding(cause, text, command, (evidence.answer,), frozenset({evidence.symptom}), doubt=True)
    elif evidence.symptom == "tls":
        text = f"The port answers, but not in TLS as {request.scheme} needs it: {evidence.answer}"
        yield Finding("tls-failed", text, command, (evidence.answer,), frozenset({"tls"}), doubt=True)
    elif evidence.symptom == "reset":
        text = "The connection was accepted and closed without an answer (does that port speak another protocol?)."
        yield Finding("empty-answer", text, command, (evidence.answer,), frozenset({"reset"}), doubt=True)
    elif evidence.symptom == "timeout":
        text = (
            "The connection was made or tried and nothing came back in time: the app is too slow, or something drops"
            " packets."
        )
        yield Finding("app-slow", text, command, (evidence.answer,), frozenset({"timeout"}), doubt=True)
