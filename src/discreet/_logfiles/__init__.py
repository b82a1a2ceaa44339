"""Existing logs: read in whole lines, each judged, then redacted or searched for secrets."""
