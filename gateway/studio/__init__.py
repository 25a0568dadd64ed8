"""Teaching: what trainers do with the topics, the messages that were not understood, and the trained models."""
