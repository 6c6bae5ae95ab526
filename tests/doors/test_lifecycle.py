from __future__ import annotations

import json
from typing import Any

import pytest

Kubectl = Any
MANIFEST = """
apiVersion: v1
kind: Pod
metadata: {name: init-fail}
spec:
  restartPolicy: Never
  initContainers:
  - {name: i1, image: busybox, command: [sh, -c, "echo one"]}
  - {name: i2, image: busybox, command: [sh, -c, "echo two; exit 3"]}
  containers:
  - {name: c, image: busybox, command: [sleep, "100"]}
---
apiVersion: v1
kind: Pod
metadata: {name: no-command}
spec:
  restartPolicy: Never
  containers:
  - {name: c, image: busybox, command: [nosuch]}
---
apiVersion: v1
kind: Pod
metadata: {name: last-words}
spec:
  restartPolicy: Never
  containers:
  - {name: file, image: busybox, command: [sh, -c, "echo because > /dev/termination-log; exit 1"]}
  - {name: log, image: busybox, terminationMessagePolicy: FallbackToLogsOnError, command: [sh, -c, "echo end; exit 1"]}
---
apiVersion: v1
kind: Pod
metadata: {name: hooks}
spec:
  terminationGracePeriodSeconds: 1
  restartPolicy: Never
  containers:
  - name: bad
    image: busybox
    command: [sleep, "100"]
    lifecycle: {postStart: {exec: {command: [sh, -c, "echo oops; exit 4"]}}}
---
apiVersion: v1
kind: Pod
metadata: {name: deadline}
spec:
  activeDeadlineSeconds: 1
  terminationGracePeriodSeconds: 1
  restartPolicy: Never
  containers:
  - {name: c, image: busybox, command: [sleep, "100"]}
---
apiVersion: v1
kind: Pod
metadata: {name: sidecar}
spec:
  terminationGracePeriodSeconds: 1
  restartPolicy: Never
  initContainers:
  - {name: side, image: nginx, restartPolicy: Always, startupProbe: {httpGet: {port: 80}, periodSeconds: 1}}
  - {name: after, image: curlimages/curl, command: [sh, -c, "curl -s -o /dev/null -w '%{http_code}' localhost"]}
  containers:
  - {name: c, image: busybox, command: [sh, -c, "echo main"]}
"""


@pytest.fixture(scope="module")
def pods(kubectl: Kubectl) -> Kubectl:
    assert kubectl("apply", "-f", "-", given=MANIFEST).returncode == 0
    for name in ("init-fail", "no-command", "last-words", "hooks", "deadline"):
        done = kubectl("wait", f"pod/{name}", "--for=jsonpath={.status.phase}=Failed", "--timeout=20s")
        assert done.returncode == 0, (name, done.stderr)
    return kubectl


def status(kubectl: Kubectl, name: str) -> Any:
    return json.loads(kubectl("get", "pod", name, "-o", "json").stdout)["status"]


def events(kubectl: Kubectl, name: str) -> list[str]:
    columns = "custom-columns=A:.involvedObject.fieldPath,B:.reason,C:.message"
    done = kubectl("get", "events", f"--field-selector=involvedObject.name={name}", "-o", columns, "--no-headers")
    return [" ".join(line.split()) for line in done.stdout.splitlines()]


def test_a_failed_init_container_ends_the_pod(pods: Kubectl) -> None:
    found = status(pods, "init-fail")
    assert [entry["ready"] for entry in found["initContainerStatuses"]] == [True, False]
    assert found["containerStatuses"][0]["state"] == {"waiting": {"reason": "PodInitializing"}}
    assert [pods("logs", "init-fail", "-c", name).stdout for name in ("i1", "i2")] == ["one\n", "two\n"]
    done = pods("logs", "init-fail")
    assert 'container "c" in pod "init-fail" is waiting to start: PodInitializing' in done.stderr


def test_a_command_that_does_not_exist(pods: Kubectl) -> None:
    message = (
        "failed to create containerd task: failed to create shim task: OCI runtime create failed: runc create failed: "
        'unable to start container process: exec: "nosuch": executable file not found in $PATH: unknown'
    )
    ended = status(pods, "no-command")["containerStatuses"][0]["state"]["terminated"]
    assert (ended["exitCode"], ended["reason"], ended["message"]) == (128, "StartError", message)
    assert ended["startedAt"] == "1970-01-01T00:00:00Z"
    assert f"spec.containers{{c}} Failed Error: {message}" in events(pods, "no-command")


def test_last_words(pods: Kubectl) -> None:
    found = {entry["name"]: entry["state"]["terminated"] for entry in status(pods, "last-words")["containerStatuses"]}
    assert found["file"]["message"] == "because\n"
    assert found["log"]["message"] == "end\n"


def test_a_failed_post_start_hook_ends_the_container(pods: Kubectl) -> None:
    assert status(pods, "hooks")["containerStatuses"][0]["state"]["terminated"]["reason"] == "Error"
    found = events(pods, "hooks")
    assert "spec.containers{bad} FailedPostStartHook PostStartHook failed" in found
    assert "spec.containers{bad} Killing FailedPostStartHook" in found


def test_the_deadline_of_a_pod(pods: Kubectl) -> None:
    found = status(pods, "deadline")
    message = "Pod was active on the node longer than the specified deadline"
    assert (found["reason"], found["message"]) == ("DeadlineExceeded", message)
    assert f"<none> DeadlineExceeded {message}" in events(pods, "deadline")


def test_a_sidecar_is_there_before_the_next_and_goes_after_the_last(pods: Kubectl) -> None:
    done = pods("wait", "pod/sidecar", "--for=jsonpath={.status.phase}=Succeeded", "--timeout=20s")
    assert done.returncode == 0, pods("get", "pod", "sidecar", "-o", "yaml").stdout
    assert pods("logs", "sidecar", "-c", "after").stdout == "200"
    assert "spec.initContainers{side} Killing Stopping container side" in events(pods, "sidecar")
