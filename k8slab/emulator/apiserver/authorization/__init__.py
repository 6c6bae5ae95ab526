"""Who may do what: the roles and bindings of the cluster, held against each request."""
