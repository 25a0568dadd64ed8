"""Trying a change before anybody gets it: dry runs, likeness, shadow mode."""
