"""The embedded Kubernetes. It knows nothing of notebooks."""
