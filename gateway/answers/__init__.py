"""The knowledge as people see it: pages, search, handouts, pictures, withdrawals, ratings."""
