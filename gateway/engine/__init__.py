"""The way to Rasa: ask it, ask several, run one of our modules in its environment."""
