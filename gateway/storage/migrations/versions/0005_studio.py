"""The trainers' inbox: messages that were not understood, without personal details."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "inbox",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("conversation_id", sa.String(32)),
        sa.Column("origin", sa.String(64)),
        sa.Column("text", sa.String(2000), nullable=False),
        sa.Column("reason", sa.String(16), nullable=False),
        sa.Column("topic", sa.String(64)),
        sa.Column("offered", sa.JSON, nullable=False),
        sa.Column("confidence", sa.Float),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("created_at", sa.DateTime, nullable=False),
        sa.ForeignKeyConstraint(
            ["conversation_id"], ["conversations.id"], name="fk_inbox_conversations", ondelete="CASCADE"
        ),
        sa.UniqueConstraint("origin", name="uq_inbox_origin"),
    )
    op.create_index("ix_inbox_conversation_id", "inbox", ["conversation_id"])
    op.create_index("ix_inbox_state", "inbox", ["state"])


def downgrade() -> None:
    op.drop_table("inbox")
