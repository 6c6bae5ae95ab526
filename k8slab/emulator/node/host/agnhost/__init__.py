"""agnhost, the image of Kubernetes' own tests (k8s.io/kubernetes/test/images/agnhost), as far as labs use it."""
