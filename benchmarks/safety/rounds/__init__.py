"""Rounds of fresh messages: each is measured before anything is learned from it, and kept with its first figures."""
