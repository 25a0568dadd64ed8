"""What patients say about answers, incidents that follow from it, and withdrawn answers."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("events", sa.Column("rating", sa.String(16)))
    op.add_column("desk_items", sa.Column("note", sa.String(500)))
    op.create_table(
        "incidents",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("conversation_id", sa.String(32)),
        sa.Column("seq", sa.Integer, nullable=False),
        sa.Column("topic", sa.String(64), nullable=False),
        sa.Column("version", sa.String(16), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("created_at", sa.DateTime, nullable=False),
        sa.ForeignKeyConstraint(
            ["conversation_id"], ["conversations.id"], name="fk_incidents_conversations", ondelete="SET NULL"
        ),
    )
    op.create_index("ix_incidents_conversation_id", "incidents", ["conversation_id"])
    op.create_index("ix_incidents_state", "incidents", ["state"])
    op.create_table(
        "ratings",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("topic", sa.String(64), nullable=False),
        sa.Column("version", sa.String(16), nullable=False),
        sa.Column("verdict", sa.String(16), nullable=False),
        sa.Column("day", sa.Date, nullable=False),
    )
    op.create_index("ix_ratings_topic_version", "ratings", ["topic", "version"])
    op.create_table(
        "withdrawals",
        sa.Column("topic", sa.String(64), primary_key=True),
        sa.Column("reason", sa.String(500), nullable=False),
        sa.Column("created_at", sa.DateTime, nullable=False),
    )


def downgrade() -> None:
    op.drop_table("withdrawals")
    op.drop_table("ratings")
    op.drop_table("incidents")
    op.drop_column("desk_items", "note")
    op.drop_column("events", "rating")
