"""What documents are, and how their content becomes a Yjs document."""
