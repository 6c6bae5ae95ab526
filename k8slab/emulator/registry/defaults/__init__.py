"""What the API server fills in where a manifest is silent (k8s.io/kubernetes/pkg/apis/*/v1/defaults.go)."""
