"""What waits for a receiver on disk, shared by processes."""
