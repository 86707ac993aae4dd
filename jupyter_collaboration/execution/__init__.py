"""The server runs cells: one queue per kernel, and one writer of outputs."""
