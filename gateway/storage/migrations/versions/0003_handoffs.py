"""Handoffs to a person, the front desk's notes, its absence, and what it sends by e-mail."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("conversations", sa.Column("language", sa.String(8)))
    op.add_column("conversations", sa.Column("answers_after", sa.Integer, nullable=False, server_default="0"))
    op.add_column("conversations", sa.Column("desk_seen", sa.Integer, nullable=False, server_default="0"))
    op.create_table(
        "handoffs",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("conversation_id", sa.String(32), nullable=False),
        sa.Column("reason", sa.String(32), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("asked_at", sa.DateTime, nullable=False),
        sa.Column("after_hours", sa.Boolean, nullable=False),
        sa.Column("waiting_since", sa.DateTime),
        sa.Column("staff_id", sa.Integer),
        sa.Column("staff_name", sa.String(100)),
        sa.Column("replied_at", sa.DateTime),
        sa.Column("ended_at", sa.DateTime),
        sa.Column("ended", sa.String(16)),
        sa.Column("alerts", sa.Integer, nullable=False),
        sa.Column("contact", sa.String(254)),
        _of_conversation("handoffs"),
    )
    still_open = sa.text("state != 'ended'")
    op.create_index(
        "uq_handoffs_open",
        "handoffs",
        ["conversation_id"],
        unique=True,
        sqlite_where=still_open,
        postgresql_where=still_open,
    )
    op.create_index("ix_handoffs_replied_at", "handoffs", ["replied_at"])
    op.create_table(
        "desk_notes",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("conversation_id", sa.String(32), nullable=False),
        sa.Column("staff_id", sa.Integer, nullable=False),
        sa.Column("staff_name", sa.String(100), nullable=False),
        sa.Column("text", sa.String(2000), nullable=False),
        sa.Column("created_at", sa.DateTime, nullable=False),
        _of_conversation("desk_notes"),
    )
    op.create_table(
        "desk_absence",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("staff_name", sa.String(100), nullable=False),
        sa.Column("since", sa.DateTime, nullable=False),
    )
    op.create_table(
        "desk_mails",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("conversation_id", sa.String(32), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("created_at", sa.DateTime, nullable=False),
        _of_conversation("desk_mails"),
    )
    for table in ("handoffs", "desk_notes", "desk_mails"):
        op.create_index(f"ix_{table}_conversation_id", table, ["conversation_id"])


def downgrade() -> None:
    for table in ("desk_mails", "desk_absence", "desk_notes", "handoffs"):
        op.drop_table(table)
    for column in ("desk_seen", "answers_after", "language"):
        op.drop_column("conversations", column)


def _of_conversation(table: str) -> sa.ForeignKeyConstraint:
    name = f"fk_{table}_conversations"
    return sa.ForeignKeyConstraint(["conversation_id"], ["conversations.id"], name=name, ondelete="CASCADE")
