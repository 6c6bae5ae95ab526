"""The controller's access log: which Service, endpoint and status one request had (the format of ingress-nginx)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

# $status ... $request_time [$proxy_upstream_name] [$proxy_alternative_upstream_name] $upstream_addr
# $upstream_response_length $upstream_response_time $upstream_status $req_id
_LINE = re.compile(
    r'"(?P<request>[^"]*)" (?P<status>\d{3}) \d+ "[^"]*" "(?P<agent>[^"]*)" \d+ (?P<seconds>[\d.]+) '
    r"\[(?P<upstream>[^\]]*)\] \[(?P<other>[^\]]*)\] (?P<addresses>.+?) "
    r"(?P<lengths>[\d, -]+?) (?P<times>[\d., -]+?) (?P<statuses>[\d, -]+?) \S+$"
)


@dataclass(frozen=True, slots=True)
class Served:
    """One request as the controller logged it; ``addresses``: the endpoints tried, the last of which answered."""

    status: int
    seconds: float
    upstream: str
    addresses: tuple[str, ...]

    @property
    def address(self) -> str:
        """Return the endpoint that answered; empty when none was asked."""
        return self.addresses[-1] if self.addresses else ""


def find_served(log: str, marker: str) -> Served | None:
    """Return the newest request whose User-Agent holds the marker."""
    for line in reversed(log.splitlines()):
        found = _LINE.search(line) if marker in line else None
        if found and marker in found["agent"]:
            return _served(found.groupdict())
    return None


def _served(fields: Mapping[str, str]) -> Served:
    tried = [part.strip() for part in fields["addresses"].split(",")]
    upstream = "" if fields["upstream"] == "-" else fields["upstream"]
    return Served(
        int(fields["status"]), float(fields["seconds"]), upstream, tuple(part for part in tried if part != "-")
    )
