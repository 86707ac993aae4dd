"""Version history: versions, their changes, and their authors."""
