"""Alembic's entry: runs the migrations on the connection that `gateway.storage.database` passes in."""

from __future__ import annotations

from alembic import context

from gateway.storage.tables import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata, render_as_batch=True)
with context.begin_transaction():
    context.run_migrations()
