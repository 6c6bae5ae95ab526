from k8slab.kube.apply.sets import difference, has, intersection, paths, recursive_difference, union

LABELS = {"f:labels": {".": {}, "f:app": {}}}


def test_union_keeps_what_either_set_says_of_a_path():
    assert union({"f:a": {}}, {"f:a": {"f:b": {}}}) == {"f:a": {".": {}, "f:b": {}}}
    assert union({"f:a": {"f:b": {}}}, {"f:a": {"f:c": {}}}) == {"f:a": {"f:b": {}, "f:c": {}}}
    assert union({}, LABELS) == LABELS


def test_difference_takes_exact_paths_and_leaves_what_is_below():
    assert difference(LABELS, {"f:labels": {}}) == {"f:labels": {"f:app": {}}}
    assert difference(LABELS, {"f:labels": {"f:app": {}}}) == {"f:labels": {}}
    assert difference(LABELS, LABELS) == {}


def test_recursive_difference_takes_what_is_below_too():
    assert recursive_difference({"f:status": {"f:x": {}}, "f:spec": {"f:y": {}}}, {"f:status": {}}) == {
        "f:spec": {"f:y": {}}
    }
    assert recursive_difference({"f:spec": {".": {}, "f:y": {}}}, {"f:spec": {"f:y": {}}}) == {"f:spec": {}}


def test_intersection_has_only_common_paths():
    assert intersection(LABELS, {"f:labels": {"f:app": {}, "f:tier": {}}}) == {"f:labels": {"f:app": {}}}
    assert intersection(LABELS, {"f:labels": {"f:tier": {}}}) == {}


def test_paths_come_level_by_level():
    fields = {"f:spec": {"f:b": {".": {}, "f:c": {}}, "f:a": {}}}
    assert list(paths(fields)) == [("f:spec", "f:a"), ("f:spec", "f:b"), ("f:spec", "f:b", "f:c")]
    assert has(fields, ("f:spec", "f:b"))
    assert not has(fields, ("f:spec",))
