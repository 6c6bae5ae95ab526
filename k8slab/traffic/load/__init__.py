"""Many requests at a steady rate, and what they show: limits, canaries, rolling updates."""
