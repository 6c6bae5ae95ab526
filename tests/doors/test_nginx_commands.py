from __future__ import annotations

from typing import Any

import pytest

Kubectl = Any
# The cluster of the session starts and ends nginx processes while these tests look.
pytestmark = pytest.mark.leaves_to_session
MANIFEST = """
apiVersion: v1
kind: Pod
metadata: {name: sleeper}
spec:
  terminationGracePeriodSeconds: 0
  containers:
  - {name: c, image: nginx, command: [sleep, "1000"]}
---
apiVersion: v1
kind: Pod
metadata: {name: script}
spec:
  terminationGracePeriodSeconds: 0
  containers:
  - name: c
    image: nginx
    command: [/bin/sh, -c]
    args: ["echo from a script > /usr/share/nginx/html/index.html; echo begin; exec nginx -g 'daemon off;'"]
---
apiVersion: v1
kind: Pod
metadata: {name: behind}
spec:
  terminationGracePeriodSeconds: 0
  containers:
  - {name: c, image: nginx, args: [sh, -c, "nginx && sleep 1000"]}
---
apiVersion: v1
kind: Pod
metadata: {name: broken}
spec:
  restartPolicy: Never
  containers:
  - name: c
    image: nginx
    command: [sh, -c, "echo 'server { nosuch on; }' > /etc/nginx/conf.d/default.conf; exec nginx -g 'daemon off;'"]
---
apiVersion: v1
kind: Pod
metadata: {name: same-port}
spec:
  restartPolicy: Never
  terminationGracePeriodSeconds: 0
  containers:
  - {name: first, image: nginx}
  - {name: second, image: nginx}
  - {name: third, image: traefik/whoami}
"""


@pytest.fixture(scope="module")
def pods(kubectl: Kubectl) -> Kubectl:
    assert kubectl("apply", "-f", "-", given=MANIFEST).returncode == 0
    done = kubectl("wait", "pod/sleeper", "pod/script", "pod/behind", "--for=condition=Ready", "--timeout=20s")
    assert done.returncode == 0, done.stderr
    return kubectl


@pytest.mark.parametrize(("pod", "answer"), [("script", "from a script"), ("behind", "Welcome to nginx!")])
def test_a_command_may_start_nginx(pods: Kubectl, pod: str, answer: str) -> None:
    assert answer in pods("get", "--raw", f"/api/v1/namespaces/default/pods/{pod}/proxy/").stdout


def test_a_command_in_place_of_nginx(pods: Kubectl) -> None:
    shown = pods("get", "--raw", "/api/v1/namespaces/default/pods/sleeper/proxy/")
    assert "connection refused" in shown.stderr
    done = pods("exec", "sleeper", "--", "nginx", "-s", "reload")
    assert (done.returncode, done.stderr.splitlines()[0]) == (
        1,
        'nginx: [error] invalid PID number "" in "/run/nginx.pid"',
    )


def test_a_shell_reaches_nginx(pods: Kubectl) -> None:
    done = pods("exec", "script", "--", "sh", "-c", "nginx -t && nginx -s reload && nginx -v")
    assert done.returncode == 0
    assert "syntax is ok" in done.stderr
    assert "nginx version: nginx/" in done.stderr


def test_a_configuration_that_nginx_refuses(pods: Kubectl) -> None:
    done = pods("wait", "pod/broken", "--for=jsonpath={.status.phase}=Failed", "--timeout=20s")
    assert done.returncode == 0
    ended = "{.status.containerStatuses[0].state.terminated.reason}/{.status.containerStatuses[0].state.terminated.exitCode}"
    assert pods("get", "pod", "broken", "-o", f"jsonpath={ended}").stdout == "Error/1"
    assert (
        'nginx: [emerg] unknown directive "nosuch" in /etc/nginx/conf.d/default.conf:1\n'
        in pods("logs", "broken").stdout
    )


def test_containers_of_a_pod_share_the_ports(pods: Kubectl) -> None:
    path = '{.status.containerStatuses[?(@.name=="second")].state.terminated.exitCode}'
    done = pods("wait", "pod/same-port", f"--for=jsonpath={path}=1", "--timeout=20s")
    assert done.returncode == 0, done.stderr
    shown = pods("logs", "same-port", "-c", "second").stdout
    assert shown.count("nginx: [emerg] bind() to 0.0.0.0:80 failed (98: Address already in use)\n") == 5
    assert shown.endswith("nginx: [emerg] still could not bind()\n")
    assert "listen tcp :80: bind: address already in use\n" in pods("logs", "same-port", "-c", "third").stdout
