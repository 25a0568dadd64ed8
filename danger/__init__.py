"""Danger in anybody's words: an encoder tuned on examples, for what the rules of `safety/` have no words for."""

from danger.learned import Judgement, Learned, catch_up

__all__ = ["Judgement", "Learned", "catch_up"]
