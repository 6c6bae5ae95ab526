"""A lesson's domains in a browser, without a line in /etc/hosts."""
