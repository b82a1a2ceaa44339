"""Context that follows the work: into threads, and in carriers to other processes."""
