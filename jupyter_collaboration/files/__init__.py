"""A document and its file: load, save, watch, merge."""
