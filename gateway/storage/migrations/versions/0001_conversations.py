"""Conversations, their events and the desk's items."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "conversations",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("token_hash", sa.String(64)),
        sa.Column("sender", sa.String(255)),
        sa.Column("created_at", sa.DateTime, nullable=False),
        sa.Column("last_at", sa.DateTime, nullable=False),
        sa.Column("last_seq", sa.Integer, nullable=False),
        sa.Column("holder", sa.String(16), nullable=False),
        sa.Column("engine_epoch", sa.Integer, nullable=False),
        sa.Column("engine_turns", sa.Integer, nullable=False),
        sa.Column("slots", sa.JSON, nullable=False),
        sa.Column("red_flag", sa.JSON(none_as_null=True)),
        sa.UniqueConstraint("sender", name="uq_conversations_sender"),
    )
    op.create_index("ix_conversations_last_at", "conversations", ["last_at"])
    op.create_table(
        "events",
        sa.Column("conversation_id", sa.String(32), nullable=False),
        sa.Column("seq", sa.Integer, nullable=False),
        sa.Column("role", sa.String(16), nullable=False),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("body", sa.JSON, nullable=False),
        sa.Column("choices", sa.JSON(none_as_null=True)),
        sa.Column("client_key", sa.String(64)),
        sa.Column("in_reply_to", sa.Integer),
        sa.Column("state", sa.String(16)),
        sa.Column("created_at", sa.DateTime, nullable=False),
        sa.ForeignKeyConstraint(
            ["conversation_id"], ["conversations.id"], name="fk_events_conversations", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("conversation_id", "seq", name="pk_events"),
        sa.UniqueConstraint("conversation_id", "client_key", name="uq_events_conversation_id_client_key"),
    )
    unanswered = sa.text("state = 'received'")
    op.create_index(
        "ix_events_unanswered",
        "events",
        ["conversation_id", "seq"],
        sqlite_where=unanswered,
        postgresql_where=unanswered,
    )
    op.create_table(
        "desk_items",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("conversation_id", sa.String(32), nullable=False),
        sa.Column("seq", sa.Integer, nullable=False),
        sa.Column("reason", sa.String(32), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("created_at", sa.DateTime, nullable=False),
        sa.ForeignKeyConstraint(
            ["conversation_id"], ["conversations.id"], name="fk_desk_items_conversations", ondelete="CASCADE"
        ),
    )
    op.create_index("ix_desk_items_conversation_id", "desk_items", ["conversation_id"])
    op.create_index("ix_desk_items_state_created_at", "desk_items", ["state", "created_at"])


def downgrade() -> None:
    op.drop_table("desk_items")
    op.drop_table("events")
    op.drop_table("conversations")
