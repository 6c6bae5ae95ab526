"""Requests to the cluster, from this machine and from inside."""
