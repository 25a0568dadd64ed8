"""The engine remembers nothing, so no trackers are counted any more."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # Not as a batch: that would drop the table, and the conversations' events with it.
    op.drop_column("conversations", "engine_epoch")
    op.drop_column("conversations", "engine_turns")


def downgrade() -> None:
    op.add_column("conversations", sa.Column("engine_epoch", sa.Integer, nullable=False, server_default="1"))
    op.add_column("conversations", sa.Column("engine_turns", sa.Integer, nullable=False, server_default="0"))
