"""Admission webhooks: who is asked about a request, how, and what the answers mean."""
