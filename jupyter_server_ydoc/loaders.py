"""The public names of the files of open documents."""

from jupyter_collaboration.rooms.open_files import FileLoader, FileLoaderMapping

__all__ = ["FileLoader", "FileLoaderMapping"]
