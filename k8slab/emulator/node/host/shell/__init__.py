"""A small POSIX shell over a pod's tree; its commands are coroutines, so that a loop cannot hold up its neighbours."""
