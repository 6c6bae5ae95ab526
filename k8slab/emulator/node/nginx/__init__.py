"""Containers of the nginx image: the real binary under a translated configuration."""
