"""What clients are warned of when a write succeeds (pkg/api/pod/warnings.go and each strategy's Warnings functions)."""
