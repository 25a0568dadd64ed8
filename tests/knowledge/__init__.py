"""Tests of what the assistant knows: loading and checking the files in data/."""
