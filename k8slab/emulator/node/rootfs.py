"""The files that every container has: those of its image's system, and those that the kubelet writes into it."""

from __future__ import annotations

import posixpath
from collections.abc import Mapping, Sequence
from pathlib import Path

from k8slab.kube.objects import Obj, dig, name_of, namespace_of

_FOLDERS = (
    "etc", "home", "mnt", "opt", "root", "run", "srv", "tmp", "usr/bin", "usr/local/bin", "usr/share", "usr/lib",
    "var/log", "var/run", "var/lib", "var/tmp", "var/cache",
)  # fmt: skip
_DEBIAN = (
    'PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\nNAME="Debian GNU/Linux"\nVERSION_ID="12"\n'
    'VERSION="12 (bookworm)"\nVERSION_CODENAME=bookworm\nID=debian\nHOME_URL="https://www.debian.org/"\n'
    'SUPPORT_URL="https://www.debian.org/support"\nBUG_REPORT_URL="https://bugs.debian.org/"\n'
)
_ALPINE = (
    'NAME="Alpine Linux"\nID=alpine\nVERSION_ID=3.21.3\nPRETTY_NAME="Alpine Linux v3.21"\n'
    'HOME_URL="https://alpinelinux.org/"\nBUG_REPORT_URL="https://gitlab.alpinelinux.org/alpine/aports/-/issues"\n'
)
_USERS = (
    "root:x:0:0:root:/root:/bin/sh\ndaemon:x:1:1:daemon:/usr/sbin:/bin/false\n"
    "nobody:x:65534:65534:nobody:/home:/bin/false\n"
)
_GROUP = "root:x:0:\ndaemon:x:1:\ntty:x:5:\nnogroup:x:65534:\n"
# Each system's files beside the kubelet's.
_SYSTEM_FILES: Mapping[str, Mapping[str, str]] = {
    "busybox": {"etc/passwd": _USERS, "etc/group": _GROUP},
    "alpine": {
        "etc/passwd": _USERS, "etc/group": _GROUP, "etc/os-release": _ALPINE, "etc/alpine-release": "3.21.3\n",
    },
    "agnhost": {
        "etc/passwd": _USERS, "etc/group": _GROUP, "etc/os-release": _ALPINE, "etc/alpine-release": "3.21.3\n",
    },
    "httpd": {
        "etc/passwd": _USERS, "etc/group": _GROUP, "etc/os-release": _DEBIAN,
        "usr/local/apache2/htdocs/index.html": "<html><body><h1>It works!</h1></body></html>\n",
    },
    "debian": {
        "etc/passwd": f"{_USERS}nginx:x:101:101:nginx user:/nonexistent:/bin/false\n",
        "etc/group": f"{_GROUP}nginx:x:101:\n",
        "etc/os-release": _DEBIAN, "etc/debian_version": "12.11\n",
    },
}  # fmt: skip
_HOSTS = (
    "# Kubernetes-managed hosts file.\n127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost ip6-loopback\n"
    "fe00::0\tip6-localnet\nfe00::0\tip6-mcastprefix\nfe00::1\tip6-allnodes\nfe00::2\tip6-allrouters\n"
)
_DNS, _NODE_DNS = "10.96.0.10", "172.18.0.1"
_ZONE = "cluster.local"


def hostname_of(pod: Obj) -> str:
    """Return the pod's host name: at most 63 characters, as the kubelet cuts it."""
    return str(dig(pod, "spec", "hostname", default="") or name_of(pod))[:63].rstrip("-.")


def hosts_file(pod: Obj, address: str) -> str:
    """Return ``/etc/hosts`` (k8s.io/kubernetes/pkg/kubelet: managedHostsFileContent)."""
    host, subdomain = hostname_of(pod), dig(pod, "spec", "subdomain", default="")
    full = f"{host}.{subdomain}.{namespace_of(pod)}.svc.{_ZONE}\t" if subdomain else ""
    text = f"{_HOSTS}{address}\t{full}{host}\n"
    aliases = dig(pod, "spec", "hostAliases", default=[])
    if aliases:
        lines = ["\t".join([str(entry["ip"]), *entry.get("hostnames", [])]) for entry in aliases]
        text += "\n# Entries added by HostAliases.\n" + "".join(f"{line}\n" for line in lines)
    return text


def resolver_file(pod: Obj) -> str:
    """Return ``/etc/resolv.conf`` (k8s.io/kubernetes/pkg/kubelet/network/dns)."""
    policy = dig(pod, "spec", "dnsPolicy", default="ClusterFirst")
    config = dig(pod, "spec", "dnsConfig", default={})
    searches: list[str] = []
    servers: list[str] = []
    options: dict[str, str] = {}
    if policy == "Default":
        servers, options = [_NODE_DNS], {"ndots": "0"}
    elif policy != "None":
        searches = [f"{namespace_of(pod)}.svc.{_ZONE}", f"svc.{_ZONE}", _ZONE]
        servers, options = [_DNS], {"ndots": "5"}
    servers = _once([*servers, *config.get("nameservers", [])])
    searches = _once([*searches, *config.get("searches", [])])
    options |= {entry["name"]: str(entry.get("value") or "") for entry in config.get("options", [])}
    lines = [f"search {' '.join(searches)}"] if searches else []
    lines += [f"nameserver {server}" for server in servers]
    if options:
        lines.append("options " + " ".join(f"{name}:{value}" if value else name for name, value in options.items()))
    return "".join(f"{line}\n" for line in lines)


def _once(names: Sequence[str]) -> list[str]:
    return list(dict.fromkeys(names))


def lay_out_system(root: Path, system: str, pod: Obj, address: str) -> None:
    """Write what is in a fresh container before its volumes are mounted."""
    files_of_system = _SYSTEM_FILES.get(system.removeprefix("nginx-"), {})
    for name in _FOLDERS if system.removeprefix("nginx-") in _SYSTEM_FILES else ("etc", "tmp", "var/run"):
        (root / name).mkdir(parents=True, exist_ok=True)
    for name in files_of_system:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
    for folder in (root, *(path for path in root.rglob("*") if path.is_dir())):
        folder.chmod(0o1777 if folder.name == "tmp" else 0o755)
    files = {
        **files_of_system,
        "etc/hosts": hosts_file(pod, address),
        "etc/resolv.conf": resolver_file(pod),
        "etc/hostname": f"{hostname_of(pod)}\n",
    }
    for name, text in files.items():
        path = root / posixpath.normpath(name)
        path.write_text(text)
        path.chmod(0o644)
