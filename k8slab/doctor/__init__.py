"""What this machine has for a lab, what works with it, and the next command for each gap."""
