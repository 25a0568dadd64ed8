"""Sentence vectors: all-MiniLM-L6-v2 on ONNX Runtime, without Rasa, TensorFlow or torch."""

from nlu.encoder.encoder import DIMENSIONS, Encoder, vocabulary
from nlu.encoder.errors import EncoderError

__all__ = ["DIMENSIONS", "Encoder", "EncoderError", "vocabulary"]
