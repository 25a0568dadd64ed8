"""Messages that were not understood, and lists of questions, on their way to a topic."""
