"""A history as people read it: versions, what changed, who wrote it."""
