"""Keeping it running: supervisor, swaps, doctor, backup, export, new assistants."""
