"""awk (POSIX, awk): a reader, and a runner that works line by line."""
