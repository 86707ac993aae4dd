"""Histories in one SQLite database."""
