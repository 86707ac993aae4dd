"""The stores' public names."""

from jupyter_collaboration.stores import MemoryYStore, SQLiteYStore, TempFileYStore

__all__ = ["MemoryYStore", "SQLiteYStore", "TempFileYStore"]
