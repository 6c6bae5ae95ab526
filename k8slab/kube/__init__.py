"""The vocabulary of Kubernetes: pure data and functions, no I/O, no clock."""
