"""The two lock files and the set-up."""
