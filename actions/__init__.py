"""What the assistant does beyond answering: Rasa custom actions.

Behind the gateway they run in the engine itself. For plain Rasa (`rasa shell`, other channels) start them alongside it,
from the root of the repository: `.venvs/engine/bin/python -m rasa run actions`. endpoints.yml has their address.
"""
