"""Strategies by topic; ``strategies.py`` joins them into the one table."""
