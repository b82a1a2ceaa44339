"""What is configured, and why; the life of a process from configure() to its end."""
