"""Everything that a person reaches: chat, HTTP API, pages, and the process that keeps the parts running."""
