"""What is said of a request is what the real controller did with it: every golden request that routes decide."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from k8slab.routing.decision import Decision, Request, decide

from .world import World, in_namespace

# The C loader is safe too, and ten times as fast; where it is missing the other one does.
LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
GOLDEN = yaml.load((Path(__file__).parents[2] / "golden" / "ingress.yaml").read_text(), Loader=LOADER)  # noqa: S506
TOPICS = {topic["topic"]: topic for topic in GOLDEN["topics"]}
# Answers that depend on more than the route: who asks, how often, credentials, what the application says, time.
ELSEWHERE = {("default-backend", "custom-error"), ("configmap", "global-errors-404"), ("backends", "connection-refused"),
             ("backends", "external-name-unresolvable"), ("headers", "https-to-http-backend"),
             ("proxy", "healthz-unknown-host"), ("proxy", "trace"), ("proxy", "long-path"), ("broken", "culprit-not-served"),
             ("broken", "bystander-not-served"), ("auth", "secret-missing"),
             ("addresses", "bad-cidr-served"), ("limits", "rps1-page"), ("auth", "external-401-signin")}  # fmt: skip
DECIDED = {301, 302, 307, 308, 404, 503}


def asked(ask: dict[str, Any]) -> Request:
    headers = {
        name: value if isinstance(value, str) else value[0] for name, value in (ask.get("headers") or {}).items()
    }
    return Request(
        ask.get("host", ""), ask.get("path", "/"), ask.get("method", "GET"), ask.get("scheme", "http"), headers
    )


def wrong(world: World, decision: Decision, answer: dict[str, Any]) -> list[str]:
    found: list[str] = []
    if "app" in answer:
        main = world.app_of(decision.backend) if decision.backend else ""
        other, share = (world.app_of(decision.canary[0]), decision.canary[1].share) if decision.canary else ("", 0.0)
        app = other if share == 1 else main
        found += [f"app {app}, not {answer['app']}"] if app != answer["app"] else []
    if "line" in answer and "HTTP" in answer["line"]:
        path = answer["line"].split(" ")[1]
        found += [f"path {decision.path}, not {path}"] if decision.path != path else []
    if answer.get("status") in DECIDED:
        found += [f"status {decision.status}, not {answer['status']}"] if decision.status != answer["status"] else []
        where = (answer.get("headers") or {}).get("Location")
        # relative-redirects leaves the host out of what nginx adds itself
        if where and not decision.redirect.endswith(where):
            found.append(f"redirect {decision.redirect}, not {where}")
    return found


def replay(name: str) -> tuple[int, list[str]]:
    world, count, found = World(f"g-{name}"), 0, []
    for step in TOPICS[name]["steps"]:
        for key, value in step.items():
            if key != "requests":
                world.apply(key, value)
                continue
            model, configuration = world.model(), world.configuration()
            for entry in in_namespace(value, world.namespace):
                answer = entry["answer"]
                if (name, entry["id"]) in ELSEWHERE or (
                    not {"app", "line"} & set(answer) and answer.get("status") not in DECIDED
                ):
                    continue
                count += 1
                decision = decide(model, configuration, asked(entry["ask"]), world.endpoints)
                found += [f"{entry['id']}: {text}" for text in wrong(world, decision, answer)]
    return count, found


@pytest.mark.parametrize("name", TOPICS)
def test_a_decision_is_what_the_real_controller_did(name: str):
    _, found = replay(name)
    assert not found, "\n".join(found)


def test_most_golden_requests_are_decided():
    assert sum(replay(name)[0] for name in TOPICS) > 150
