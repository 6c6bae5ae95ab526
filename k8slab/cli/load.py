"""``k8slab load``: requests at a steady rate, and what limits, canaries and rolling updates make of them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from k8slab.cli.reaching import lab_of
from k8slab.traffic.load.samples import Run
from k8slab.traffic.loading import execute, parse_share, prepare, report_of


@click.command()
@click.argument("url")
@click.option("--rps", default=5.0, show_default=True, help="Requests per second.")
@click.option("--seconds", default=10.0, show_default=True, help="For how long.")
@click.option("--concurrency", default=100, show_default=True, help="At most so many at the same time.")
@click.option("--by", "header", default="", help="The response header that tells versions apart (default: the body).")
@click.option("--target", "targets", multiple=True, help="The share that a version should have: v2=20%.")
@click.option("-H", "--header", "headers", multiple=True, help="A header to send: 'Name: value'.")
@click.option("-n", "--namespace", default="", help="The namespace of the lab.")
@click.option("--name", default="", help="The embedded cluster of that name instead of the current KUBECONFIG.")
@click.option("--svg", type=click.Path(path_type=Path), default=None, help="Write the chart to this file.")
@click.option("--json", "as_json", is_flag=True, help="Print the report as JSON.")
def load(url: str, **options: Any) -> None:
    """Send requests to URL at a steady rate and report the answers, beside what the rate limit should do with them."""
    lab, where = lab_of(options["name"])
    given = dict(_pair(text, ":") for text in options["headers"])
    plan, limits = prepare(
        lab, url, options["namespace"] or where, options["rps"], options["seconds"], options["concurrency"], given
    )
    run = Run(plan)
    execute(run, options["header"])
    report = report_of(run, url, limits, dict(map(parse_share, options["targets"])))
    if options["svg"]:
        options["svg"].write_text(report.svg, encoding="utf-8")
    click.echo(json.dumps(report.as_dict(), indent=1) if options["as_json"] else str(report))


def _pair(text: str, sign: str) -> tuple[str, str]:
    name, _, value = text.partition(sign)
    return name.strip(), value.strip()
