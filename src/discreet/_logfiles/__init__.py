"""Existing logs: read in whole lines, redacted or searched for secrets."""
