"""Step 2, context: what a record takes with it from where it was made."""
