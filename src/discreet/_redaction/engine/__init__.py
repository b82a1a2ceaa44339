"""What interprets the rules: where in a text the secrets are."""
