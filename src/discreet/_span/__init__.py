"""Timed work: our own spans, and those of an OpenTelemetry SDK."""
