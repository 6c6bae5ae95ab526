"""One small GET to an API server with the credentials of a kubeconfig, without the Kubernetes client and its 0.7 s."""

from __future__ import annotations

import base64
import binascii
import http.client
import json
import os
import ssl
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import yaml

from k8slab.errors import ClusterError
from k8slab.kube.objects import dig


@dataclass(frozen=True, slots=True)
class Credentials:
    """What a kubeconfig with one context says; certificates and keys are PEM text."""

    server: str
    authority: str
    certificate: str
    key: str
    token: str


def read_credentials(kubeconfig: Path) -> Credentials:
    """Read a kubeconfig that k8slab wrote (one cluster, one user, data inline)."""
    try:
        parsed = yaml.safe_load(kubeconfig.read_text(encoding="utf-8"))
        cluster = dig(parsed, "clusters", 0, "cluster", default={})
        user = dig(parsed, "users", 0, "user", default={})
        return Credentials(
            server=str(cluster["server"]),
            authority=_inline(cluster, "certificate-authority"),
            certificate=_inline(user, "client-certificate"),
            key=_inline(user, "client-key"),
            token=str(user.get("token", "")),
        )
    except (OSError, yaml.YAMLError, KeyError, TypeError, AttributeError, binascii.Error) as error:
        raise ClusterError(
            f"The kubeconfig {kubeconfig} cannot be used: {error}.", "Start the cluster again; that writes it anew."
        ) from error


def get_json(kubeconfig: Path, path: str, timeout_seconds: float = 5.0) -> Any:
    """GET ``path`` from the API server and return the JSON answer; raises ``ClusterError`` for anything else."""
    credentials = read_credentials(kubeconfig)
    address = urlsplit(credentials.server)
    headers = {"Accept": "application/json"}
    if credentials.token:
        headers["Authorization"] = f"Bearer {credentials.token}"
    connection = http.client.HTTPSConnection(
        address.hostname or "", address.port or 443, timeout=timeout_seconds, context=tls_context(credentials)
    )
    try:
        connection.request("GET", path, headers=headers)
        answer = connection.getresponse()
        body = answer.read()
    except OSError as error:
        raise ClusterError(
            f"The cluster's API at {credentials.server} does not answer: {error}.",
            "Look at its state with: %lab status (in a terminal: k8slab cluster status)",
        ) from error
    finally:
        connection.close()
    if answer.status != http.client.OK:
        raise ClusterError(f"The API answered {answer.status} {answer.reason} to GET {path}.")
    try:
        return json.loads(body)
    except ValueError as error:
        raise ClusterError(f"The API's answer to GET {path} is not JSON.") from error


def _inline(section: dict[str, Any], field: str) -> str:
    if f"{field}-data" in section:
        return base64.b64decode(section[f"{field}-data"]).decode()
    return Path(section[field]).read_text(encoding="utf-8") if section.get(field) else ""


def tls_context(credentials: Credentials) -> ssl.SSLContext:
    """Return TLS settings that trust the cluster's own authority and show the client certificate."""
    context = ssl.create_default_context(cadata=credentials.authority or None)
    if credentials.certificate:
        # The ssl module takes a client certificate from a file only. mkstemp's mode is 0600.
        handle, path = tempfile.mkstemp(prefix="k8slab-", suffix=".pem")
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                file.write(f"{credentials.certificate.rstrip()}\n{credentials.key}")
            context.load_cert_chain(path)
        finally:
            Path(path).unlink()
    return context
