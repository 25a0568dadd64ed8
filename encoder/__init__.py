"""Sentence vectors: all-MiniLM-L6-v2 on ONNX Runtime, without Rasa, TensorFlow or torch."""

from encoder.encoder import DIMENSIONS, Encoder, vocabulary
from encoder.errors import EncoderError

__all__ = ["DIMENSIONS", "Encoder", "EncoderError", "vocabulary"]
