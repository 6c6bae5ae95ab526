"""Routes: what Ingress objects make of a request. Pure; the embedded controller and the notebook both stand on it."""
