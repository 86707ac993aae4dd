"""The histories of documents: their edits, in order, with authors and times."""
