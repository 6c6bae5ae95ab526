"""Values that are only found wrong beside other objects: then the location answers 503.

Sources: ing:internal/ingress/annotations/{auth,authreq,customheaders}/main.go.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from urllib.parse import urlsplit

from k8slab.kube.objects import Obj
from k8slab.routing.configuration import Configuration
from k8slab.routing.settings import Settings

# Takes ``namespace/name``.
Lookup = Callable[[str], Obj | None]


@dataclass(frozen=True, slots=True)
class Reviewer:
    """Knows Secrets, ConfigMaps and what the administrator allows."""

    secret: Lookup
    configmap: Lookup
    configuration: Configuration

    def __call__(self, namespace: str, settings: Settings) -> Settings:
        """Return the settings, with ``denied`` set when something that they name is missing or wrong."""
        problem = self._auth(namespace, settings) or _url(settings) or self._headers(namespace, settings)
        return replace(settings, denied=settings.denied or problem) if problem else settings

    def _auth(self, namespace: str, settings: Settings) -> str:
        if not settings.auth_type:
            return ""
        if not settings.auth_secret:
            return "error reading secret name from annotation: ingress rule without annotations"
        path = named(settings.auth_secret, namespace)
        if path.partition("/")[0] != namespace and not self.configuration.cross_namespace:
            return f"cross namespace usage of secrets is not allowed: {path}"
        secret = self.secret(path)
        if secret is None:
            return f'unexpected error reading secret {path}: no object matching key "{path}" in local store'
        if settings.auth_secret_type == "auth-file" and "auth" not in (secret.get("data") or {}):  # noqa: S105 - a form
            return f"the secret {path} does not contain a key with value auth"
        return ""

    def _headers(self, namespace: str, settings: Settings) -> str:
        if not settings.custom_headers:
            return ""
        path = named(settings.custom_headers, namespace)
        if path.partition("/")[0] != namespace and not self.configuration.cross_namespace:
            return f"cross namespace usage of config maps is not allowed: {path}"
        found = self.configmap(path)
        if found is None:
            return f'unable to find configMap "{path}"'
        allowed = [name.lower() for name in self.configuration.allowed_response_headers]
        for name in found.get("data") or {}:
            if name.lower() not in allowed:
                return f"header {name} is not allowed, defined allowed headers inside global-allowed-response-headers"
        return ""


def _url(settings: Settings) -> str:
    if not settings.auth_url:
        return ""
    parts = urlsplit(settings.auth_url)
    if not parts.scheme:
        return "url scheme is empty"
    if not parts.netloc:
        return "url host is empty"
    return "invalid url host" if ".." in parts.netloc else ""


def named(text: str, namespace: str) -> str:
    """Return ``namespace/name`` of a text that may leave the namespace out."""
    return text if "/" in text else f"{namespace}/{text}"
