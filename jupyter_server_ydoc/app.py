"""The extension's public name."""

from jupyter_collaboration.app import YDocExtension

__all__ = ["YDocExtension"]
