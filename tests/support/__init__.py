"""Programs and helpers that tests use; none of them is a test."""
