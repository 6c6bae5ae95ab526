"""What the official image's ``/docker-entrypoint.sh`` does before nginx starts (github.com/nginx/docker-nginx)."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Awaitable, Callable, Iterator, Mapping
from pathlib import Path

ENTRYPOINT = "/docker-entrypoint.sh"
_FOLDER = "docker-entrypoint.d"
_OWN = (
    "10-listen-on-ipv6-by-default.sh", "15-local-resolvers.envsh", "20-envsubst-on-templates.sh",
    "30-tune-worker-processes.sh",
)  # fmt: skip
_VARIABLE = re.compile(r"\$\{([A-Za-z_]\w*)\}|\$([A-Za-z_]\w*)")
# Runs a script of the container; what it prints goes to the log.
RunScript = Callable[[str], Awaitable[object]]


def lay_out_scripts(root: Path) -> None:
    """Write the image's scripts, as far as one can look at them (their work is done here)."""
    folder = root / _FOLDER
    if folder.is_symlink():
        return
    folder.mkdir(exist_ok=True)
    for name in (*(f"{_FOLDER}/{name}" for name in _OWN), ENTRYPOINT.lstrip("/")):
        path = root / name
        if not path.exists() and not path.is_symlink():
            path.write_text('#!/bin/sh\n# The embedded cluster does the work of this script itself.\nexec "$@"\n')
            path.chmod(0o755)


def substituted(text: str, values: Mapping[str, str]) -> str:
    """Replace ``${NAME}`` and ``$NAME`` of variables that are set, as the script calls ``envsubst``."""
    return _VARIABLE.sub(lambda match: values.get(match[1] or match[2], match[0]), text)


def names_in(root: Path) -> list[str]:
    """Return the files of ``/docker-entrypoint.d`` in order."""
    folder = root / _FOLDER
    return sorted(entry.name for entry in folder.iterdir() if entry.is_file()) if folder.is_dir() else []


async def prepare(root: Path, values: Mapping[str, str], say: Callable[[str], None], run: RunScript) -> None:
    """Do what the entrypoint does: its own scripts, then those that a volume added."""
    names = names_in(root)
    quiet = bool(values.get("NGINX_ENTRYPOINT_QUIET_LOGS"))
    shown: Callable[[str], None] = (lambda _line: None) if quiet else say
    if not names:
        shown(f"{ENTRYPOINT}: No files found in /{_FOLDER}/, skipping configuration")
        return
    shown(f"{ENTRYPOINT}: /{_FOLDER}/ is not empty, will attempt to perform configuration")
    shown(f"{ENTRYPOINT}: Looking for shell scripts in /{_FOLDER}/")
    for name in names:
        path = f"/{_FOLDER}/{name}"
        executable = bool((root / path.lstrip("/")).stat().st_mode & 0o111)
        if not name.endswith((".sh", ".envsh")):
            shown(f"{ENTRYPOINT}: Ignoring {path}")
        elif not executable:
            shown(f"{ENTRYPOINT}: Ignoring {path}, not executable")
        else:
            shown(f"{ENTRYPOINT}: {'Sourcing' if name.endswith('.envsh') else 'Launching'} {path}")
            for line in _own_work(root, name, values):
                shown(line)
            if name not in _OWN:
                await run(path)
    shown(f"{ENTRYPOINT}: Configuration complete; ready for start up")


def _own_work(root: Path, name: str, values: Mapping[str, str]) -> Iterator[str]:
    if name == _OWN[0]:
        yield from _ipv6(root, name)
    elif name == "20-envsubst-on-templates.sh":
        yield from _templates(root, name, values)


def _ipv6(root: Path, name: str) -> Iterator[str]:
    path = root / "etc/nginx/conf.d/default.conf"
    shown = "/etc/nginx/conf.d/default.conf"
    if not path.is_file():
        yield f"{name}: info: {shown} is not a file or does not exist"
        return
    text = path.read_text(errors="replace")
    if (root / "etc/nginx/conf.d").is_symlink() or path.is_symlink():
        yield f"{name}: info: can not modify {shown} (read-only file system?)"
        return
    yield f"{name}: info: Getting the checksum of {shown}"
    if "listen  [::]:80;" in text:
        yield f"{name}: info: IPv6 listen already enabled"
        return
    path.write_text(text.replace("listen       80;", "listen       80;\n    listen  [::]:80;"))
    yield f"{name}: info: Enabled listen on IPv6 in {shown}"


def _templates(root: Path, name: str, values: Mapping[str, str]) -> Iterator[str]:
    folder = values.get("NGINX_ENVSUBST_TEMPLATE_DIR") or "/etc/nginx/templates"
    suffix = values.get("NGINX_ENVSUBST_TEMPLATE_SUFFIX") or ".template"
    target = values.get("NGINX_ENVSUBST_OUTPUT_DIR") or "/etc/nginx/conf.d"
    source = root / posixpath.normpath("/" + folder).lstrip("/")
    if not source.is_dir():
        return
    for path in sorted(source.rglob(f"*{suffix}")):
        if any(part.startswith("..") for part in path.relative_to(source).parts):
            continue
        relative = str(path.relative_to(source))
        made = root / posixpath.normpath("/" + target).lstrip("/") / relative.removesuffix(suffix)
        made.parent.mkdir(parents=True, exist_ok=True)
        made.write_text(substituted(path.read_text(errors="replace"), values))
        yield f"{name}: Running envsubst on {folder}/{relative} to {target}/{relative.removesuffix(suffix)}"
