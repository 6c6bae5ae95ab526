from typing import Any

import pytest

from k8slab.emulator.controllers.deployment.revisions import new_annotations, next_revision, rollout_of, surplus
from k8slab.emulator.controllers.deployment.sizes import (
    Rollout,
    max_surge,
    max_unavailable,
    new_size,
    old_sizes,
    scaled_sizes,
)
from k8slab.emulator.controllers.deployment.template import replica_set_name, same_template
from k8slab.emulator.controllers.template_hash import template_hash
from k8slab.kube.objects import Obj, name_of

REVISION = "deployment.kubernetes.io/revision"


def deployment(replicas: int, surge: int | str = "25%", unavailable: int | str = "25%", **spec: Any) -> Obj:
    rolling = {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": surge, "maxUnavailable": unavailable}}
    return {"metadata": {"name": "web", "generation": 1}, "spec": {"replicas": replicas, "strategy": rolling, **spec}}


def replica_set(name: str, size: int, available: int | None = None, **annotations: str) -> Obj:
    return {
        "metadata": {"name": name, "uid": name, "creationTimestamp": name, "annotations": annotations},
        "spec": {"replicas": size, "template": {"spec": {"containers": [{"image": name}]}}},
        "status": {"availableReplicas": size if available is None else available},
    }


# The table in the comment of ResolveFenceposts, and roundings.
@pytest.mark.parametrize(
    ("wanted", "surge", "unavailable", "bounds"),
    [
        (2, "0%", "1%", (0, 1)),
        (1, "0%", "1%", (0, 1)),
        (2, "1%", "25%", (1, 0)),
        (1, "1%", "25%", (1, 0)),
        (10, "25%", "25%", (3, 2)),
        (3, 5, 7, (5, 3)),
        (0, "25%", "25%", (0, 0)),
    ],
)
def test_percentages_round_up_for_surge_and_down_for_unavailable(
    wanted: int, surge: int | str, unavailable: int | str, bounds: tuple[int, int]
):
    made = deployment(wanted, surge, unavailable)
    assert (max_surge(made), max_unavailable(made)) == bounds


def test_the_new_replica_set_grows_into_the_room_that_there_is():
    wanted = deployment(10, 3, 2)
    assert new_size(Rollout(wanted, None, (replica_set("a", 10),))) == 3
    assert new_size(Rollout(wanted, replica_set("b", 5), (replica_set("a", 8),))) == 5
    assert new_size(Rollout(wanted, replica_set("b", 12), ())) == 10
    assert new_size(Rollout(wanted, None, ())) == 10


def scaled(rollout: Rollout) -> dict[str, int]:
    return {name_of(scale.replica_set): scale.size for scale in old_sizes(rollout)}


# The two cases in the comment of reconcileOldReplicaSets.
def test_old_pods_stay_while_new_ones_do_not_start():
    stuck = Rollout(deployment(10, 3, 2), replica_set("b", 5, 0), (replica_set("a", 8, 7),))
    assert scaled(stuck) == {}


def test_after_going_back_pods_that_never_started_go_first():
    back = Rollout(deployment(10, 3, 2), replica_set("a", 8, 7), (replica_set("b", 5, 0),))
    assert scaled(back) == {"b": 1}


def test_sizes_are_not_changed_again_while_an_earlier_change_is_under_way():
    outdated = Rollout(deployment(10, 3, 2), replica_set("b", 5, 3), (replica_set("a", 8, 10),))
    assert scaled(outdated) == {}


def test_scaling_to_zero_takes_all_and_scaling_one_set_is_direct():
    notes = {"deployment.kubernetes.io/max-replicas": "13"}
    two = Rollout(deployment(0, 3, 2), replica_set("b", 5, 0, **notes), (replica_set("a", 8, **notes),))
    assert {name_of(scale.replica_set): scale.size for scale in scaled_sizes(two)} == {"a": 0, "b": 0}
    one = Rollout(deployment(4), replica_set("b", 2), (replica_set("a", 0),))
    assert [(name_of(scale.replica_set), scale.size) for scale in scaled_sizes(one)] == [("b", 4)]


def test_the_hash_is_stable_ignores_key_order_and_changes_with_collisions():
    one = {"metadata": {"labels": {"a": "1"}}, "spec": {"x": 1, "y": 2}}
    other = {"spec": {"y": 2, "x": 1}, "metadata": {"labels": {"a": "1"}}}
    assert template_hash(one, None) == template_hash(other, None)
    assert len({template_hash(one, number) for number in (None, 0, 1, 2)}) == 4
    assert len(replica_set_name({"metadata": {"name": "n" * 253}}, "5d8f6c7b9")) == 253


def test_the_hash_label_and_empty_metadata_do_not_make_templates_differ():
    plain = {"metadata": {"labels": {"a": "1"}, "creationTimestamp": None}, "spec": {"containers": []}}
    hashed = {"metadata": {"labels": {"a": "1", "pod-template-hash": "x"}}, "spec": {"containers": []}}
    assert same_template(plain, hashed)
    assert not same_template(plain, {**hashed, "spec": {"containers": [{"name": "c"}]}})


def test_revisions_follow_the_highest_and_remember_earlier_turns():
    made = deployment(1, template={"spec": {"containers": [{"image": "a"}]}})
    made["metadata"]["annotations"] = {"note": "kept", REVISION: "2", "kubectl.kubernetes.io/last-applied": "x"}
    rollout = rollout_of(made, [replica_set("b", 0, **{REVISION: "2"}), replica_set("a", 1, **{REVISION: "1"})])
    assert name_of(rollout.new or {}) == "a"
    assert next_revision(rollout) == 3
    annotations = new_annotations(rollout)
    assert annotations[REVISION] == "3"
    assert annotations["deployment.kubernetes.io/revision-history"] == "1"
    assert annotations["note"] == "kept"


def test_only_empty_old_replica_sets_beyond_the_limit_are_surplus():
    made = deployment(1, revisionHistoryLimit=1, template={"spec": {"containers": [{"image": "z"}]}})
    old = [
        replica_set(name, size, **{REVISION: str(n)}) for n, (name, size) in enumerate([("a", 1), ("b", 0), ("c", 0)])
    ]
    assert [name_of(found) for found in surplus(rollout_of(made, [*old, replica_set("z", 1)]))] == ["b"]
