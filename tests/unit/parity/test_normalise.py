import pytest

from tests.parity.normalise import Facts, normalise, sort_rows

FACTS = Facts({"k8slab": "<node>"}, frozenset({"30080"}), "parity-1")


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        ("web-5d4f8c7b94-x2k4p   1/1     Running   0          12s", "web-<hash>-<id>  1/1  Running  0  <age>"),
        ("Normal  Pulled  5s (x2 over 12s)  kubelet", "Normal  Pulled  <age>  kubelet"),
        (
            "    Liveness:  http-get delay=0s timeout=1s period=10s",
            "    Liveness:  http-get delay=0s timeout=1s period=10s",
        ),
        ("back-off 10s restarting failed container", "back-off 10s restarting failed container"),
        ("uid: 375617d2-9c31-46f4-970e-13598cc11a2f", "uid: <uid>"),
        ('creationTimestamp: "2026-11-25T01:02:49Z"', 'creationTimestamp: "<time>"'),
        ('  resourceVersion: "12"', '  resourceVersion: "<version>"'),
        ("podIP: 10.244.0.17", "podIP: <pod-ip>"),
        ("10.96.0.1 and 10.96.13.4", "10.96.0.1 and <cluster-ip>"),
        ("80:30080/TCP 80:31234/TCP", "80:30080/TCP 80:<node-port>/TCP"),
        ("on k8slab in parity-1-extra", "on <node> in <ns>-extra"),
        ("pod-template-hash=5d4f8c7b94", "pod-template-hash=<hash>"),
        ("kube-api-access-x2k4p", "kube-api-access-<id>"),
        ("nginx-deployment and my-config", "nginx-deployment and my-config"),
        ("image: docker.io/library/nginx:1.27", "image: docker.io/library/nginx:<tag>"),
        ("image: nginx:1.27", "image: nginx:1.27"),
        ('{"resourceVersion":"12"}', '{"resourceVersion":"<version>"}'),
        ("k8slab-run and compilers of k8slab://0.1", "k8slab-run and compilers of k8slab://0.1"),
        ("+++ /tmp/MERGED-4259877777/v1.ConfigMap.x\t2026-11-25 01:02:03.123 +0000", "+++ <MERGED>/v1.ConfigMap.x"),
        ("2 (3s ago)", "2 (<age> ago)"),
    ],
)
def test_only_what_must_differ_is_replaced(given: str, wanted: str) -> None:
    assert normalise(given, FACTS) == wanted
    assert normalise(wanted, FACTS) == wanted


def test_rows_below_the_heading_are_sorted() -> None:
    assert sort_rows("NAME\nb\na") == "NAME\na\nb"


def test_described_events_of_one_second_may_come_in_any_order() -> None:
    head = "Events:\n  Type  Reason  Age  From  Message\n  ----  ------  ----  ----  -------\n"
    one, two = "  Normal  A  5s  x  a", "  Normal  B  5s  x  b"
    assert normalise(f"{head}{two}\n{one}", FACTS) == normalise(f"{head}{one}\n{two}", FACTS)
