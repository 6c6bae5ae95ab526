"""The rows: an image's last name, the tags that exist, and the program that it starts.

The registry and the user before the name do not matter, so that mirrors work: ``docker.io/library/nginx`` is ``nginx``.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from k8slab.emulator.node.catalogue.references import Reference, parse_reference

_SEMVER = re.compile(r"v?(\d+)(?:\.(\d+))?(?:\.(\d+))?(?:-[a-z0-9][a-z0-9.-]*)?")
# The newest patch of each minor version that hub.docker.com has.
_NGINX_PATCHES = {
    7: 12, 8: 1, 9: 15, 10: 3, 11: 13, 12: 2, 13: 12, 14: 2, 15: 12, 16: 1, 17: 10, 18: 0, 19: 10, 20: 2, 21: 6,
    22: 1, 23: 4, 24: 0, 25: 5, 26: 3, 27: 5, 28: 3, 29: 8, 30: 0, 31: 3,
}  # fmt: skip
_WORDS = (
    "latest",
    "stable",
    "mainline",
    "alpine",
    "perl",
    "stable-alpine",
    "mainline-alpine",
    "stable-perl",
    "alpine-slim",
)


@dataclass(frozen=True, slots=True)
class Image:
    """One row. ``program`` names what runs (``nginx`` is the real binary, the others are the program host's)."""

    name: str
    program: str
    entrypoint: tuple[str, ...]
    command: tuple[str, ...] = ()
    tags: tuple[str, ...] = ("latest",)
    newest_major: int = 0
    env: Mapping[str, str] = field(default_factory=dict)
    stop_signal: str = "TERM"
    # The number of the user that the image runs as.
    user: int = 0
    ports: tuple[int, ...] = ()
    # Where its commands start.
    folder: str = "/"
    # What an exec finds in it: busybox, alpine, debian, or nothing but the program (scratch).
    system: str = "scratch"

    def system_for(self, tag: str) -> str:
        """Return the system of a tag: ``-alpine`` variants of a Debian image are Alpine's."""
        return self.system.replace("debian", "alpine") if "alpine" in tag else self.system

    def has_tag(self, tag: str) -> bool:
        """Tell whether the registry has the tag."""
        if tag in self.tags or not tag:
            return True
        match = _SEMVER.fullmatch(tag)
        if match is None or not self.newest_major:
            return False
        return int(match[1]) <= self.newest_major


@dataclass(frozen=True, slots=True)
class _Nginx(Image):
    def has_tag(self, tag: str) -> bool:
        match = _SEMVER.fullmatch(tag)
        if match is None or match[1] != "1" or tag.startswith("v"):
            return tag in _WORDS or tag in ("", "1")
        if match[2] is None:
            return True
        newest = _NGINX_PATCHES.get(int(match[2]))
        return newest is not None and int(match[3] or 0) <= newest


_SHELL = ("/bin/sh",)
IMAGES: Mapping[str, Image] = {
    row.name: row
    for row in (
        _Nginx(
            "nginx", "nginx", ("/docker-entrypoint.sh",), ("nginx", "-g", "daemon off;"),
            stop_signal="QUIT", ports=(80,), system="nginx-debian",
        ),
        Image("whoami", "whoami", ("/whoami",), tags=("latest", "v1.10", "v1.11"), newest_major=1, ports=(80,)),
        Image("hello-server", "hello-server", ("/hello-server",), tags=("latest",), ports=(9000,)),
        Image("hello-app", "hello-app", ("./hello-app",), tags=("1.0", "2.0"), ports=(8080,)),
        Image("http-echo", "http-echo", ("/http-echo",), tags=("latest", "alpine"), newest_major=1, ports=(5678,)),
        Image("busybox", "shell", (), ("sh",), tags=("latest", "stable", "musl", "glibc", "uclibc"), newest_major=1,
              system="busybox"),
        Image("curl", "shell", ("/entrypoint.sh",), ("curl",), newest_major=8, system="alpine", user=100),
        Image("agnhost", "shell", ("/agnhost",), ("pause",), tags=(), newest_major=2, system="agnhost"),
        Image("jessie-dnsutils", "shell", ("/bin/sh",), ("-c", "sleep 3600"), newest_major=1, system="agnhost"),
        Image("httpd", "shell", (), ("httpd-foreground",), tags=("latest", "alpine"), newest_major=2, system="httpd",
              stop_signal="WINCH", ports=(80,), folder="/usr/local/apache2"),
        Image("alpine", "shell", (), ("/bin/sh",), tags=("latest", "edge"), newest_major=3, system="alpine"),
        Image(
            "controller", "ingress-nginx", ("/usr/bin/dumb-init", "--"), ("/nginx-ingress-controller",), newest_major=1,
            ports=(80, 443),
        ),
        Image("ingress-nginx-controller", "ingress-nginx", ("/usr/bin/dumb-init", "--"),
              ("/nginx-ingress-controller",), newest_major=1, ports=(80, 443)),
        Image("gateway-controller", "gateway", ("/gateway-controller",), tags=("v0.1",)),
        Image("kube-webhook-certgen", "certgen", ("/kube-webhook-certgen",), newest_major=1),
        Image("pause", "pause", ("/pause",), newest_major=3),
    )
}  # fmt: skip


class PullError(Exception):
    """An image cannot be had; ``reason`` is the container's waiting reason."""

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason


def find_image(text: str) -> tuple[Image, Reference]:
    """Return the row and the reference of an image; raises ``PullError`` in containerd's words."""
    try:
        reference = parse_reference(text)
    except ValueError as error:
        message = f'Failed to apply default image tag "{text}": couldn\'t parse image name "{text}": {error}'
        raise PullError("InvalidImageName", message) from error
    image = IMAGES.get(reference.repository.rpartition("/")[2])
    if image is None or not image.has_tag(reference.tag):
        raise PullError("ErrImagePull", _not_found(reference))
    return image, reference


def _not_found(reference: Reference) -> str:
    known = ", ".join(sorted(IMAGES))
    return (
        f'rpc error: code = NotFound desc = failed to pull and unpack image "{reference}": failed to resolve reference '
        f'"{reference}": {reference}: not found (the embedded cluster knows the images {known} and their usual tags; '
        "any other image works on kind: %lab start --cluster kind)"
    )


def image_id(reference: Reference) -> str:
    """Return what a container's status shows as ``imageID``: repository and a digest in place of the content's."""
    digest = reference.digest or f"sha256:{hashlib.sha256(str(reference).encode()).hexdigest()}"
    return f"{reference.repository}@{digest}"
