"""What is pending for a receiver on disk, shared by processes."""
