"""Documents: their ids, their types, and their content as Yjs documents."""
