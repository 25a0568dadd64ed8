"""Several gateways with real PostgreSQL, Redis and nginx."""
