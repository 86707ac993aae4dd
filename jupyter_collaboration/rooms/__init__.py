"""Live documents and their connected members."""
