"""Hostile input, for longer than the tests try it; and the text that costs the most processor time."""
