"""Permissions, limits, and the identity of users and files."""
