"""What the assistant does beyond answering: Rasa custom actions. Start them with `rasa run actions`."""
