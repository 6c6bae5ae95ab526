"""The roles and bindings that every cluster has, and the roles that are made of others."""
