"""Context follows the work: one file per way in which work moves elsewhere."""
