"""The lock files and the set-up."""
