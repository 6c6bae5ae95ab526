from k8slab.kube import status


def test_invalid_lists_every_cause():
    errors = [
        status.FieldError(status.INVALID, "spec.ports[0].nodePort", 25000, "provided port is not in the valid range"),
        status.FieldError(status.REQUIRED, "spec.selector"),
    ]
    error = status.invalid("", "Service", "web", errors)
    assert error.code == 422
    assert error.message == (
        'Service "web" is invalid: [spec.ports[0].nodePort: Invalid value: 25000: '
        "provided port is not in the valid range, spec.selector: Required value]"
    )
    assert [cause["reason"] for cause in error.status["details"]["causes"]] == [
        "FieldValueInvalid",
        "FieldValueRequired",
    ]


def test_not_found_names_group_and_resource():
    error = status.not_found("apps", "deployments", "my-dep")
    assert (error.code, error.reason) == (404, "NotFound")
    assert error.message == 'deployments.apps "my-dep" not found'
    assert error.status["details"] == {"name": "my-dep", "group": "apps", "kind": "deployments"}
