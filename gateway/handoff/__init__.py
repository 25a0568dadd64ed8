"""A chat goes to a person and back: what the chat and the desk both need."""
