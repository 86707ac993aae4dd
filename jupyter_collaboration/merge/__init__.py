"""Pure three-way merges."""
