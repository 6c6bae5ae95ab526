"""The rules of each kind between a request and the store: defaults, validation, what an update may change."""
