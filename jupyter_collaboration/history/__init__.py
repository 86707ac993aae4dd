"""The update log of documents: what was done, by whom, in which order."""
