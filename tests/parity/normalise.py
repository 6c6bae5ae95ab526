"""Replace what must differ between two clusters, or between two runs, by a token; nothing else.

A rule is a pattern and its replacement. Normalising a normalised text changes nothing (a unit test holds that), so
recorded answers go through the same function when they are compared.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

# k8s.io/apimachinery/pkg/util/rand: the letters of generated names and hashes.
_SAFE = "[bcdfghjklmnpqrstvwxz2456789]"
_DURATION = r"\d+(?:\.\d+)?(?:ms|[smhdy])(?:\d+[smhd])?"
_MONTHS = "Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec"

_RULES: Sequence[tuple[str, str]] = (
    # Secrets of the cluster.
    (r"eyJ[\w-]+\.[\w-]+\.[\w-]+", "<token>"),
    (r"-----BEGIN CERTIFICATE-----(?:.|\n)*-----END CERTIFICATE-----(?:\n|\\n)?", "<certificate>"),
    (r"\"-----BEGIN CERTIFICATE[^\"]*\"", '"<certificate>"'),
    # Files that kubectl diff makes.
    (r"\S*/(LIVE|MERGED)-\d+/([^\s/]+)(?:\t[-\d]+ [:.\d]+ [+-]\d{4})?", r"<\1>/\2"),
    # Identities.
    (r"\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b", "<uid>"),
    (r"(resourceVersion\"?: ?)\"\d*\"", r'\1"<version>"'),
    (r"(resourceVersion\\\":\\\")\d+", r"\1<version>"),
    (r"(Resource Version: +)\d+", r"\1<version>"),
    (r"(containerID\"?: \"?|Container ID: +)(?:containerd|k8slab)://[0-9a-f]+", r"\1<container>"),
    (r"(imageID\"?: \"?|Image ID: +)\S*?sha256:[0-9a-f]{64}", r"\1<image>"),
    (r"sha256:[0-9a-f]{64}", "sha256:<digest>"),
    (r"\b[0-9a-f]{64}\b", "<container>"),
    (r"timed out after \d+ milliseconds", "timed out after <n> milliseconds"),
    (r"(port \d+ after) \d+ ms", r"\1 <n> ms"),
    (rf"(pod-template-hash|controller-revision-hash)(=|: ?|\":\")(\"?){_SAFE}{{5,10}}\b", r"\1\2\3<hash>"),
    (rf"-{_SAFE}{{7,10}}-{_SAFE}{{5}}\b", "-<hash>-<id>"),
    (rf"-{_SAFE}{{8,10}}\b", "-<hash>"),
    (rf"-(?=[a-z]*\d|[b-z]*[bcdfghjklmnpqrstvwxz]{{5}}){_SAFE}{{5}}\b", "-<id>"),
    (r"\.[0-9a-f]{16}\b", ".<event>"),
    # Tags that share one image: the runtime reports any of them.
    (r"(\bimage\"?: \"?docker\.io/[\w./-]+):(?!<)[\w.-]+", r"\1:<tag>"),
    # What kubectl's watcher logs of itself when a time limit ends it.
    (r"(?m)^[EWI]\d{4} .* reflector\.go:.*\n?", ""),
    # Times.
    (r"\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)", "<time>"),
    (r"\b\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(?:\.\d+)? \+0000(?: UTC)?", "<time>"),
    (rf"\b[A-Z][a-z]{{2}}, \d\d (?:{_MONTHS}) \d{{4}} \d\d:\d\d:\d\d (?:[+-]\d{{4}}|GMT)", "<time>"),
    (rf"\b\d\d/(?:{_MONTHS})/\d{{4}}:\d\d:\d\d:\d\d [+-]\d{{4}}", "<time>"),
    (r"\b[EWI]\d{4} \d\d:\d\d:\d\d\.\d+ +(?:\d+|<node-port>) (?=\w+\.go:\d+\])", "<time> "),
    (rf"\b{_DURATION} \(x\d+ over {_DURATION}\)", "<age>"),
    (rf"\({_DURATION} ago\)", "(<age> ago)"),
    (rf"(?m)((?:^| {{2,}}|\t))(?:{_DURATION}|<invalid>)(?=$| {{2,}}|\t| *\n)", r"\1<age>"),
    (
        rf"in {_DURATION} \({_DURATION} including waiting\)\. Image size: \d+ bytes",
        "in <age> (<age> including waiting). Image size: <size> bytes",
    ),
    # Addresses.
    (r"\b10\.244\.\d+\.\d+\b", "<pod-ip>"),
    (r"\b10\.96\.(?!0\.1\b|0\.10\b)\d+\.\d+\b", "<cluster-ip>"),
    (r"https://(?:127\.0\.0\.1|localhost):\d+", "https://<server>"),
    # Files that kubectl makes.
    (r"\S*/kubectl-edit-\d+\.yaml", "<edited-file>"),
    # Padding: kubectl makes its columns as wide as their (normalised) values.
    (r"(?<=\S)(?: {2,}| *\t *)", "  "),
    (r"(?m)[ \t]+$", ""),
)
_COMPILED = tuple((re.compile(pattern), replacement) for pattern, replacement in _RULES)
# kubectl describe sorts events by the second, with an unstable sort: those of one second come in any order.
_DESCRIBED_EVENTS = re.compile(r"(?m)^(Events:\n *Type +Reason .*\n *----.*\n)((?: +\S.*\n?)+)")
# The ends of the range stand in a message.
_NODE_PORT = re.compile(r"\b(?!30000\b|32767\b)3[0-2]\d{3}\b")


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of one run: ``names`` maps a cluster's own words (its node) to tokens.

    ``namespace`` is the scenario's, which also begins other names. ``typed`` are the numbers that stand in the scenario: a node port among them is no random one.
    """

    names: Mapping[str, str] = field(default_factory=dict)
    typed: frozenset[str] = frozenset()
    namespace: str = ""


def normalise(text: str, facts: Facts) -> str:
    """Return the text with everything that must differ replaced."""
    if facts.namespace:
        text = text.replace(facts.namespace, "<ns>")
    for word in sorted(facts.names, key=len, reverse=True):
        text = re.sub(rf"(?<![\w-]){re.escape(word)}(?![\w-]|://)", facts.names[word], text)
    for pattern, replacement in _COMPILED:
        text = pattern.sub(replacement, text)
    text = _NODE_PORT.sub(lambda found: found[0] if found[0] in facts.typed else "<node-port>", text)
    return _DESCRIBED_EVENTS.sub(_sort_events, text)


def _sort_events(found: re.Match[str]) -> str:
    rows = sorted(found[2].splitlines())
    return found[1] + "\n".join(rows) + ("\n" if found[2].endswith("\n") else "")


def sort_rows(text: str) -> str:
    """Return the text with all lines but the heading sorted."""
    heading, *rows = text.splitlines() or [""]
    return "\n".join([heading, *sorted(rows)])


def typed_numbers(source: str) -> frozenset[str]:
    """Return the numbers that a scenario's author wrote."""
    return frozenset(re.findall(r"\d+", source))
