"""Sentence vectors: all-MiniLM-L6-v2 on ONNX Runtime, without Rasa, TensorFlow or torch."""

from encoder.encoder import DIMENSIONS, MAX_TOKENS, Encoder, vocabulary
from encoder.errors import EncoderError

__all__ = ["DIMENSIONS", "MAX_TOKENS", "Encoder", "EncoderError", "vocabulary"]
