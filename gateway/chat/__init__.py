"""The way of a patient's message: from the request to the stored reply."""
