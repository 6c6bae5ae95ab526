"""What a pod mounts: ConfigMaps, Secrets, the downward API, tokens and empty folders."""
