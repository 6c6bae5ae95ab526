"""Known failures of kind, explained: what it says, what it means, what to do (kind's known issues)."""

from __future__ import annotations

import re

from k8slab.errors import ClusterError

# The words of kind or its engine -> what they mean and the next action. The first that is found counts.
_KNOWN: tuple[tuple[str, str, str], ...] = (
    (
        r"address already in use|[Pp]orts are not available|port is already allocated",
        "Another program took a port in the same moment.",
        "Try again; the lab then chooses other ports: k8slab cluster start --kind",
    ),
    (
        r"too many open files|inotify",
        "The limits for watching files are too small for one more cluster.",
        "sudo sysctl fs.inotify.max_user_watches=524288 fs.inotify.max_user_instances=512",
    ),
    (
        r"no space left on device",
        "The disk is full.",
        "Make room, for instance: docker system prune",
    ),
    (
        r"requires cgroup v2",
        "A rootless engine needs cgroup v2.",
        "Use a rootful engine, or boot with systemd.unified_cgroup_hierarchy=1 (WSL2: cgroup_no_v1=all in .wslconfig)",
    ),
    (
        r"Delegate=yes",
        "A rootless engine needs systemd's delegation.",
        "See https://kind.sigs.k8s.io/docs/user/rootless/",
    ),
    (
        r"toomanyrequests|rate limit",
        "The registry refuses more downloads for now.",
        "Wait, log in (docker login), or use a mirror: --registry-mirror URL",
    ),
    (
        r"x509: certificate signed by unknown authority",
        "A proxy on the way shows a certificate that the node does not know.",
        "Pull the image on this machine first (docker pull), or use a mirror: --registry-mirror URL",
    ),
    (
        r"dial tcp.*(timeout|refused|no such host)|[Cc]lient\.Timeout exceeded|failed to (pull|resolve) image",
        "The node image cannot be downloaded.",
        "Behind a proxy set HTTPS_PROXY and NO_PROXY; in a room without network: k8slab images load FILE",
    ),
    (
        r"exec format error|no matching manifest",
        "The image is for another processor.",
        "Unset DOCKER_DEFAULT_PLATFORM",
    ),
    (
        r"node\(s\) already exist",
        "A cluster of that name exists, but its nodes are broken.",
        "Delete it, or choose another name: --name lab",
    ),
    (
        r"[Cc]annot connect to the Docker daemon|permission denied.*docker\.sock",
        "Docker does not answer, or you may not use it.",
        "sudo systemctl start docker; sudo usermod -aG docker $USER, then log in again",
    ),
    (
        r"timed out waiting for the condition|could not find a log line that matches|failed to init node",
        "The control plane did not come up in time; on a small machine that is mostly memory.",
        "Give Docker 4 GiB of memory, or use the embedded cluster: %lab start",
    ),
)  # fmt: skip


def explained(error: ClusterError) -> ClusterError:
    """Return the error with what it means, when it is a known one."""
    for pattern, meaning, action in _KNOWN:
        if re.search(pattern, error.message):
            return ClusterError(f"{error.message}\n{meaning}", action)
    return error
