"""The files of documents: load, save, watch, merge."""
