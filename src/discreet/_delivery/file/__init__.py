"""Files: rotated by us or by others, kept and compressed within bounds."""
