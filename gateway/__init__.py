"""Everything that a person reaches: chat, HTTP API, pages, and the process that keeps the parts running."""

__version__ = "0.2.0"  # the one place; pyproject.toml and CHANGELOG.md are held against it
