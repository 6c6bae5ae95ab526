"""The state of a pod as a pure function of what its containers did."""
