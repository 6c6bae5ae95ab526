"""The cluster's network: virtual addresses, Services, names, and real sockets under them."""
