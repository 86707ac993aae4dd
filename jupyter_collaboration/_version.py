"""The version of the distribution; every package of the repository carries the same one."""

__version__ = "5.90.0"
