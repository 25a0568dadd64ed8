"""The people who work at the clinic: their accounts, sessions and rights, and the record of what they did."""
