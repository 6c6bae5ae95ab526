"""Talking to a cluster: the real kubectl, and a cache fed by watches."""
