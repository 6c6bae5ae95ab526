"""What the real controller v1.15.1 answered, asked of ours: real requests through a real nginx."""

from __future__ import annotations

import re
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from .conftest import Ingress
from .vectors import differences, send, send_all

GOLDEN = yaml.safe_load((Path(__file__).parents[1] / "golden" / "ingress.yaml").read_text())
CLASS = "nginx"
# Annotations that are not served yet; docs/ingress.md lists them.
LATER: set[str] = set()
# These change what holds for every host, or stop every change: they come last.
LAST = ("catch-all", "configmap", "broken")
TOPICS = sorted(
    (topic for topic in GOLDEN["topics"] if topic["topic"] not in LATER), key=lambda topic: topic["topic"] in LAST
)
# Answers that differ, each with its reason.
KNOWN: dict[tuple[str, str], str] = {}

pytestmark = [pytest.mark.cluster, pytest.mark.timeout(120), pytest.mark.leaves_to_session]


def workload(name: str, options: dict[str, Any]) -> list[dict[str, Any]]:
    labels = {"app": name}
    container = {"name": "app", "image": "traefik/whoami:v1.11.0", "ports": [{"containerPort": 80}]}
    template = {"metadata": {"labels": labels}, "spec": {"containers": [container]}}
    deployment = {
        "apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": name},
        "spec": {"replicas": options.get("replicas", 1), "selector": {"matchLabels": labels}, "template": template},
    }  # fmt: skip
    return [deployment, service(name, name, options.get("port", 80), options.get("targetPort", 80))]


def service(name: str, app: str, port: int = 80, target: int = 80) -> dict[str, Any]:
    ports = [{"name": "http", "port": port, "targetPort": target}]
    return {"apiVersion": "v1", "kind": "Service", "metadata": {"name": name},
            "spec": {"selector": {"app": app}, "ports": ports}}  # fmt: skip


def certificate(name: str, hosts: list[str]) -> dict[str, Any]:
    import base64

    from k8slab.clock import SystemClock
    from k8slab.emulator.ingress.certgen import _certificates

    made = _certificates(hosts, SystemClock().now())
    data = {"tls.crt": made["cert"], "tls.key": made["key"]}
    return {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name}, "type": "kubernetes.io/tls",
            "data": {key: base64.b64encode(value).decode() for key, value in data.items()}}  # fmt: skip


def in_namespace(value: Any, namespace: str) -> Any:
    return yaml.safe_load(yaml.safe_dump(value).replace("NAMESPACE", namespace))


class Topic:
    """Runs one topic's steps in a namespace of its own."""

    def __init__(self, cluster: Ingress, topic: dict[str, Any]) -> None:
        self.cluster, self.topic = cluster, topic
        self.namespace = f"g-{topic['topic']}"
        self.marks = 0
        self.keys: set[str] = set()
        self.jars: dict[str, dict[str, str]] = {}
        self.wrong: list[str] = []

    def run(self) -> list[str]:
        self.cluster.kubectl("create", "namespace", self.namespace)
        for step in self.topic["steps"]:
            for key, value in step.items():
                getattr(self, f"do_{key.replace('-', '_')}")(in_namespace(value, self.namespace))
        return self.wrong

    def do_about(self, _text: str) -> None:
        pass

    def do_apps(self, apps: Any) -> None:
        listed = {entry["name"]: entry for entry in ({"name": app} if isinstance(app, str) else app for app in apps)}
        objects = [entry for name, options in listed.items() for entry in workload(name, options or {})]
        self.cluster.apply(self.namespace, *objects)
        for name, options in listed.items():
            if (options or {}).get("replicas", 1):
                self.cluster.kubectl("rollout", "status", "-n", self.namespace, f"deployment/{name}", "--timeout=20s")

    def do_objects(self, objects: list[dict[str, Any]]) -> None:
        made: list[dict[str, Any]] = []
        for entry in objects:
            if "services" in entry:
                made += [service(name, entry["of"]) for name in entry["services"]]
            elif "certificate" in entry:
                made.append(certificate(entry["certificate"], entry["hosts"]))
            else:
                made.append(entry)
        # One after the other: the webhook compares each with those before it, and age decides.
        self.cluster.kubectl("apply", "-n", self.namespace, "-f", "-", stdin=yaml.safe_dump_all(made))

    def settle(self) -> None:
        """Wait until what was applied last is served: a mark that is made after it answers."""
        self.marks += 1
        host = f"mark-{self.marks}.{self.namespace}.mark"
        rule = {"host": host, "http": {"paths": [{"path": "/", "pathType": "Prefix",
                "backend": {"service": {"name": "nowhere", "port": {"number": 80}}}}]}}  # fmt: skip
        self.cluster.apply(self.namespace, {
            "apiVersion": "networking.k8s.io/v1", "kind": "Ingress", "metadata": {"name": f"mark-{self.marks}"},
            "spec": {"ingressClassName": CLASS, "rules": [rule]},
        })  # fmt: skip
        deadline = time.monotonic() + 10
        while send(self.cluster.port("http"), {"host": host}, self.namespace).status not in (
            503,
            500,
        ):  # 500: with error pages
            assert time.monotonic() < deadline, f"{host} is not served: does nginx refuse its configuration?"
        time.sleep(0.2)  # nginx's old worker takes connections for another 100 ms

    def do_requests(self, requests: list[dict[str, Any]]) -> None:
        if not any(entry["id"] == "culprit-not-served" for entry in requests):  # then nothing new is served
            self.settle()
        for entry in requests:
            port = self.cluster.port(entry["ask"].get("scheme", "http"))
            answers = send_all(port, entry["ask"], self.namespace, self.jars)
            wanted = dict(entry["answer"])
            if entry["ask"].get("echo_body"):  # then the body is what whoami repeats of the request's own
                echoed = [replace(answer, body=answer.body.partition("\n\n")[2]) for answer in answers]
                self.note(entry["id"], differences(echoed, {"body": wanted.pop("body")}, self.namespace))
            self.note(entry["id"], differences(answers, wanted, self.namespace))

    def note(self, identity: str, found: list[str]) -> None:
        if (self.topic["topic"], identity) not in KNOWN:
            self.wrong += [f"{self.topic['topic']} {identity}: {text}" for text in found]

    def do_refused(self, entries: list[dict[str, Any]]) -> None:
        for entry in entries:
            ask, answer = entry["ask"], entry["answer"]
            verb = ask.get("verb", "apply").split()
            name = ask["object"]["metadata"]["name"]
            if "created" in answer["out"] or "when creating" in answer["err"]:  # the recording began without it
                self.cluster.kubectl("delete", "-n", self.namespace, "ing", name, "--ignore-not-found")
            done = self.cluster.kubectl(
                *verb, "-n", self.namespace, "-f", "-", stdin=yaml.safe_dump(ask["object"]), check=False
            )
            for key, found in (("rc", done.returncode), ("out", done.stdout), ("err", done.stderr)):
                if " ".join(str(answer[key]).split()) != " ".join(str(found).split()):
                    self.note(entry["id"], [f"{key}: expected {answer[key]!r}, found {found!r}"])

    def do_kubectl(self, entries: list[dict[str, Any]]) -> None:
        for entry in entries:
            wanted = pattern(entry["answer"].get("out", ""))
            deadline = time.monotonic() + 5  # the controller writes a status when it has served what it tells of
            while not wanted.fullmatch(squeezed(found := self._asked(entry["ask"]))):
                if time.monotonic() > deadline:
                    self.note(entry["id"], [f"expected {entry['answer'].get('out')!r}, found {found!r}"])
                    break

    def _asked(self, ask: dict[str, Any]) -> str:
        found = self.cluster.kubectl(*ask["run"].split(), *self._in(ask["run"]), check=False).stdout
        if "grep" not in ask:
            return found
        wanted = re.compile(ask["grep"] if ask["grep"].startswith("^") else re.escape(ask["grep"]))
        return "\n".join(line for line in found.splitlines() if wanted.search(line))

    def _in(self, command: str) -> list[str]:
        return [] if " -n " in command else ["-n", self.namespace]

    def do_scale(self, sizes: dict[str, int]) -> None:
        for name, count in sizes.items():
            self.cluster.kubectl("scale", "-n", self.namespace, f"deployment/{name}", f"--replicas={count}")
            self.cluster.kubectl("rollout", "status", "-n", self.namespace, f"deployment/{name}", "--timeout=20s")
            if not count:
                self.cluster.kubectl(
                    "wait",
                    "-n",
                    self.namespace,
                    "pod",
                    "-l",
                    f"app={name}",
                    "--for=delete",
                    "--timeout=20s",
                    check=False,
                )

    def do_sleep(self, seconds: float) -> None:
        # Rate limits are about time itself.
        time.sleep(float(seconds))

    def do_delete(self, names: list[str]) -> None:
        for name in names:
            self.cluster.kubectl("delete", "-n", self.namespace, name, "--wait=true", "--ignore-not-found")

    def do_patch(self, patches: list[dict[str, Any]]) -> None:
        for entry in patches:
            # The excerpt has steps about objects that it does not hold: their requests are missing too.
            found = self.cluster.kubectl("get", "-n", self.namespace, entry["ref"], "-o", "name", check=False)
            if found.returncode == 0:
                self.cluster.kubectl(
                    "patch", "-n", self.namespace, entry["ref"], "--type=merge", "-p", yaml_json(entry["with"])
                )

    def do_configmap(self, data: dict[str, Any]) -> None:
        text = yaml_json({"data": data})
        name = "ingress-nginx-controller"
        self.cluster.kubectl("patch", "-n", "ingress-nginx", "configmap", name, "--type=merge", "-p", text)
        self.keys |= set(data)

    def restore(self) -> None:
        """Take back what other topics would notice."""
        self.do_configmap(dict.fromkeys(self.keys))
        self.cluster.kubectl("delete", "namespace", self.namespace, "--wait=false")


def squeezed(text: str) -> str:
    lines = (re.sub(r"-{4,}", "----", re.sub(r" {2,}", "  ", line)).strip() for line in text.strip().splitlines())
    return "\n".join(lines)


PLACES = {"time": r"[^\]]+", "age": r"\S+( \(x\d+ over \S+\))?"}


def pattern(text: str) -> re.Pattern[str]:
    escaped = re.escape(squeezed(text)).replace("\\<", "<").replace("\\>", ">")
    return re.compile(re.sub(r"<(\w+)>", lambda match: PLACES.get(match[1], r"[^ ]+?"), escaped))


def yaml_json(value: Any) -> str:
    import json

    return json.dumps(value)


@pytest.mark.parametrize("topic", TOPICS, ids=lambda topic: topic["topic"])
def test_the_answers_are_those_of_the_real_controller(ingress: Ingress, topic: dict[str, Any]):
    run = Topic(ingress, topic)
    try:
        wrong = run.run()
        assert not wrong, "\n" + re.sub(r"[ \t]+", " ", "\n".join(wrong))
    except AssertionError:
        told = ingress.kubectl(
            "logs", "-n", "ingress-nginx", "deployment/ingress-nginx-controller", "--tail=60", check=False
        )
        print(told.stdout[-6000:])  # noqa: T201 - pytest shows it beside the failure, which it mostly explains
        raise
    finally:
        run.restore()
