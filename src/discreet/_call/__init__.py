"""Step 1, call: the logger and its limits."""
