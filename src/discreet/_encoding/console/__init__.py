"""Records as lines for people."""
