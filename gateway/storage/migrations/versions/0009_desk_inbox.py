"""Since when a person has a chat, who has read it how far, who opened and finished what the desk has to look at."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

ITEM = ("alerts", "opened_at", "done_at", "done_by", "done_note")


def upgrade() -> None:
    op.add_column("handoffs", sa.Column("claimed_at", sa.DateTime))
    op.add_column("handoffs", sa.Column("closed_as", sa.String(32)))
    op.create_index("ix_handoffs_ended_at", "handoffs", ["ended_at"])
    op.add_column("desk_items", sa.Column("alerts", sa.Integer, nullable=False, server_default="0"))
    op.add_column("desk_items", sa.Column("opened_at", sa.DateTime))
    op.add_column("desk_items", sa.Column("done_at", sa.DateTime))
    op.add_column("desk_items", sa.Column("done_by", sa.String(100)))
    op.add_column("desk_items", sa.Column("done_note", sa.String(500)))
    op.create_table(
        "desk_reads",
        sa.Column("conversation_id", sa.String(32), nullable=False),
        sa.Column("staff_id", sa.Integer, nullable=False),
        sa.Column("seq", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("conversation_id", "staff_id", name="pk_desk_reads"),
        sa.ForeignKeyConstraint(
            ["conversation_id"], ["conversations.id"], name="fk_desk_reads_conversations", ondelete="CASCADE"
        ),
    )
    op.create_table(
        "desk_presence",
        sa.Column("staff_id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("at", sa.DateTime, nullable=False),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name="fk_desk_presence_staff", ondelete="CASCADE"),
    )
    op.create_table(
        "desk_replies",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("staff_id", sa.Integer, nullable=False),
        sa.Column("name", sa.String(80), nullable=False),
        sa.Column("text", sa.String(2000), nullable=False),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name="fk_desk_replies_staff", ondelete="CASCADE"),
    )
    op.create_index("ix_desk_replies_staff_id", "desk_replies", ["staff_id"])


def downgrade() -> None:
    op.drop_table("desk_replies")
    op.drop_table("desk_presence")
    op.drop_table("desk_reads")
    for column in reversed(ITEM):
        op.drop_column("desk_items", column)
    op.drop_index("ix_handoffs_ended_at", "handoffs")
    op.drop_column("handoffs", "closed_as")
    op.drop_column("handoffs", "claimed_at")
