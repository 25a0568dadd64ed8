"""How news travel: who waits is woken, on this gateway and on others."""
