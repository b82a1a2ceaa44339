"""`discreet doctor`: what is configured, and why."""
