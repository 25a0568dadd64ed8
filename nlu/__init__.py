"""How a message is understood: Rasa graph components and the parts that they are made of."""
