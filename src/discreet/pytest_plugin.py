"""For pytest: placeholder."""
