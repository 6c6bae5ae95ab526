"""Kinds that users define: their names are accepted, their resources served, their objects removed at the end."""
