"""The load generator against a small server, and the pure parts: bucket, intervals, chart."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from xml.etree import ElementTree as ET

import pytest

from k8slab.traffic.load.answers import AnswerReader
from k8slab.traffic.load.bucket import Limit, compare, verdicts
from k8slab.traffic.load.chart import chart
from k8slab.traffic.load.engine import start
from k8slab.traffic.load.report import LoadReport, percentile, wilson
from k8slab.traffic.load.samples import Plan, Run, Sample
from k8slab.traffic.load.versions import versioner


@pytest.mark.parametrize(
    ("rate", "burst", "times", "passed"),
    [
        (1, 5, [0.01 * n for n in range(20)], 6),  # measured on nginx: exactly the first six
        (1, 5, [0.5 * n for n in range(12)], 11),
        (5, 25, [0.001 * n for n in range(60)], 26),
        (2 / 60, 10, [0.001 * n for n in range(30)], 11),
        (1, 1, [0.0] * 10, 2),
        (1, 5, [2.0 * n for n in range(30)], 30),
    ],
)
def test_the_bucket_does_what_nginx_was_measured_to_do(rate: float, burst: int, times: list[float], passed: int):
    assert sum(verdict.passes for verdict in verdicts(Limit(rate, burst), times)) == passed


def test_disagreement_is_told_with_its_time():
    samples = [Sample(0.1 * n, 0.1 * n, 0.01, 200 if n != 3 else 503) for n in range(5)]
    found = compare(Limit(1, 5), samples)
    assert (found.agreed, found.total, found.disagreed_at) == (4, 5, (pytest.approx(0.3),))
    assert "it differs at 0.30 s" in str(found)


def test_intervals_and_percentiles():
    low, high = wilson(20, 100)
    assert (round(low, 4), round(high, 4)) == (0.1334, 0.2888)
    assert wilson(0, 0) == (0.0, 1.0)
    assert percentile([1, 2, 3, 4], 0.5) == 2
    assert percentile([], 0.5) == 0.0


def report(samples: list[Sample], **more: object) -> LoadReport:
    plan = Plan("127.0.0.1", 80, "x", "/", 10, 1)
    return LoadReport(plan, tuple(samples), "http://x/", **more)  # type: ignore[arg-type]


def test_shares_of_versions_are_held_against_their_targets():
    samples = [Sample(n / 10, n / 10, 0.01, 200, "v2" if n % 5 == 0 else "v1") for n in range(100)]
    shown = str(report(samples, targets={"v2": 0.2, "v1": 0.5}))
    assert "version v2: 20 of 100 = 20.0 % " not in shown
    assert "version v2: 20 of 100 = 20.0% (95 % sure: 13.3% to 28.9%; target 20% is inside)" in shown
    assert "target 50% is OUTSIDE" in shown


def test_the_chart_is_xml_with_a_mark_for_each_request_and_escapes_versions():
    samples = [Sample(n / 10, n / 10, 0.01, status, "<v1>") for n, status in enumerate([200, 503, 0, 200])]
    drawn = chart(samples, Limit(1, 5))
    root = ET.fromstring(drawn)  # noqa: S314 - our own text
    names = [element.tag.rpartition("}")[2] for element in root.iter()]
    assert names.count("circle") == 2
    assert names.count("polyline") == 1
    assert "<v1>" not in drawn


@pytest.mark.parametrize(
    ("parts", "body", "closes"),
    [
        ([b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhel", b"lo"], b"hello", False),
        ([b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n", b"0\r\n\r\n"], b"hello", False),
        ([b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n"], b"", False),
        ([b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"], b"", True),
    ],
)
def test_answers_are_read_as_they_come(parts: list[bytes], body: bytes, closes: bool):
    reader = AnswerReader()
    for part in parts:
        reader.feed(part)
    assert (reader.done, reader.body, reader.closes) == (True, body, closes)


def test_an_answer_without_a_length_ends_with_its_connection():
    reader = AnswerReader()
    reader.feed(b"HTTP/1.0 200 OK\r\n\r\nhello")
    assert not reader.done
    reader.end()
    assert (reader.done, reader.body) == (True, b"hello")


def test_versions_come_from_a_header_or_from_the_body():
    head = b"HTTP/1.1 200 OK\r\nX-Version: v2"
    assert versioner("x-version")(head, b"") == "v2"
    assert versioner("x-other")(head, b"") == ""
    assert versioner("")(head, b"<html><title>Blue</title>") == "Blue"
    assert versioner("")(head, b"Hello v1\nmore") == "Hello v1"


@pytest.fixture
def server() -> Iterator[int]:
    """A server that answers each request on its connection, and closes every connection after 20."""
    listening = socket.create_server(("127.0.0.1", 0), backlog=128)
    threads: list[threading.Thread] = []

    def serve(connection: socket.socket) -> None:
        with connection:
            for _ in range(20):
                if not connection.recv(65536):
                    return
                connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")

    def accept() -> None:
        while True:
            try:
                connection, _ = listening.accept()
            except OSError:
                return
            threads.append(threading.Thread(target=serve, args=(connection,)))
            threads[-1].start()

    accepting = threading.Thread(target=accept)
    accepting.start()
    yield listening.getsockname()[1]
    listening.shutdown(socket.SHUT_RDWR)
    listening.close()
    for thread in (accepting, *threads):
        thread.join()


def test_the_asked_rate_is_kept_and_no_request_is_lost(server: int):
    run = Run(Plan("127.0.0.1", server, "x", "/", 50, 0.8))
    start(run, versioner("")).join()
    found = LoadReport(run.plan, tuple(run.samples))
    assert found.statuses == {200: 40}
    assert abs(found.rate / 50 - 1) < 0.01


def test_a_refused_connection_is_an_answer_of_its_own():
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    run = Run(Plan("127.0.0.1", port, "x", "/", 20, 0.1))
    start(run, versioner("")).join()
    assert {(sample.status, sample.error) for sample in run.samples} == {(0, "connection refused")}
    assert "2 x no answer" in str(LoadReport(run.plan, tuple(run.samples)))


def test_a_line_break_never_becomes_a_header():
    plan = Plan("127.0.0.1", 1, "x", "/", 1, 1, headers=(("A", "b\r\nC: d"),))
    from k8slab.traffic.load.engine import Engine

    with pytest.raises(ValueError, match="line break"):
        Engine(Run(plan), versioner(""))
