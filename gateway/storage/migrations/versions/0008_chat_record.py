"""What is known of a chat is kept with it, and goes with it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("conversations", sa.Column("record", sa.JSON))


def downgrade() -> None:
    op.drop_column("conversations", "record")
