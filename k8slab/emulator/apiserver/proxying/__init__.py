"""The ``proxy`` subresource of pods, services and nodes: HTTP through the API server."""
