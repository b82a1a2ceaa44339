"""Logs that were written already: read in whole lines, judge each, say what was found or write it redacted."""
