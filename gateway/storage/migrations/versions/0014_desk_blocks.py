"""Chats that reach nobody at the front desk for a while."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "desk_blocks",
        sa.Column("conversation_id", sa.String(32), nullable=False),
        sa.Column("why", sa.String(32), nullable=False),
        sa.Column("staff_name", sa.String(100), nullable=False),
        sa.Column("until", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("conversation_id", name="pk_desk_blocks"),
        sa.ForeignKeyConstraint(
            ["conversation_id"], ["conversations.id"], name="fk_desk_blocks_conversations", ondelete="CASCADE"
        ),
    )


def downgrade() -> None:
    op.drop_table("desk_blocks")
