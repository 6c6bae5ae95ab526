"""The real nginx as a process: found, started with its sockets, tested, reloaded, ended."""
