"""Connections that carry several streams: WebSocket channels and SPDY/3.1, for exec, attach and port-forward."""
