"""Live documents and the people in them."""
