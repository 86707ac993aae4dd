"""The version of the distribution, which is the same for all packages of the repository."""

__version__ = "5.90.0"
