"""What a candidate made of real messages, and what reviewers say a message is about."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "shadow",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("conversation_id", sa.String(32), nullable=False),
        sa.Column("model", sa.String(120), nullable=False),
        sa.Column("same", sa.Integer, nullable=False),
        sa.Column("text", sa.String(2000)),
        sa.Column("live", sa.String(500), nullable=False),
        sa.Column("candidate", sa.String(500), nullable=False),
        sa.Column("created_at", sa.DateTime, nullable=False),
        sa.ForeignKeyConstraint(
            ["conversation_id"], ["conversations.id"], name="fk_shadow_conversations", ondelete="CASCADE"
        ),
    )
    op.create_index("ix_shadow_conversation_id", "shadow", ["conversation_id"])
    op.create_index("ix_shadow_model", "shadow", ["model"])
    op.create_table(
        "labels",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("message_id", sa.Integer, nullable=False),
        sa.Column("reviewer", sa.String(100), nullable=False),
        sa.Column("topic", sa.String(64), nullable=False),
        sa.Column("created_at", sa.DateTime, nullable=False),
        sa.ForeignKeyConstraint(["message_id"], ["inbox.id"], name="fk_labels_inbox", ondelete="CASCADE"),
        sa.UniqueConstraint("message_id", "reviewer", name="uq_labels_message_id_reviewer"),
    )


def downgrade() -> None:
    op.drop_table("labels")
    op.drop_table("shadow")
