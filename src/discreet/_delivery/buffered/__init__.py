"""Streams and files behind a queue in memory or a ring on disk, from which a thread writes."""
