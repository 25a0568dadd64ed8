"""Accounts of the staff, their sessions, what they did, and replies that they propose as answers."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "staff",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("login", sa.String(64), nullable=False),
        sa.Column("name", sa.String(100), nullable=False),
        sa.Column("roles", sa.JSON, nullable=False),
        sa.Column("password_hash", sa.String(255)),
        sa.Column("totp_secret", sa.String(64)),
        sa.Column("totp_step", sa.Integer, nullable=False),
        sa.Column("disabled", sa.Integer, nullable=False),
        sa.Column("created_at", sa.DateTime, nullable=False),
        sa.UniqueConstraint("login", name="uq_staff_login"),
    )
    op.create_table(
        "staff_links",
        sa.Column("token_hash", sa.String(64), primary_key=True),
        _of_staff(),
        sa.Column("expires_at", sa.DateTime, nullable=False),
        _to_staff("staff_links"),
    )
    op.create_table(
        "staff_sessions",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("token_hash", sa.String(64), nullable=False),
        _of_staff(),
        sa.Column("device", sa.String(120), nullable=False),
        sa.Column("created_at", sa.DateTime, nullable=False),
        sa.Column("last_at", sa.DateTime, nullable=False),
        _to_staff("staff_sessions"),
        sa.UniqueConstraint("token_hash", name="uq_staff_sessions_token_hash"),
    )
    op.create_table(
        "staff_devices",
        sa.Column("token_hash", sa.String(64), primary_key=True),
        _of_staff(),
        sa.Column("created_at", sa.DateTime, nullable=False),
        _to_staff("staff_devices"),
    )
    for table in ("staff_links", "staff_sessions", "staff_devices"):
        op.create_index(f"ix_{table}_staff_id", table, ["staff_id"])
    op.create_table(
        "staff_audit",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("at", sa.DateTime, nullable=False),
        sa.Column("login", sa.String(64), nullable=False),
        sa.Column("action", sa.String(32), nullable=False),
        sa.Column("target", sa.String(64)),
    )
    op.create_index("ix_staff_audit_at", "staff_audit", ["at"])
    op.create_table(
        "proposals",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("conversation_id", sa.String(32), nullable=False),
        sa.Column("question", sa.String(2000), nullable=False),
        sa.Column("reply", sa.String(4000), nullable=False),
        sa.Column("login", sa.String(64), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("created_at", sa.DateTime, nullable=False),
        sa.ForeignKeyConstraint(
            ["conversation_id"], ["conversations.id"], name="fk_proposals_conversations", ondelete="CASCADE"
        ),
    )
    op.create_index("ix_proposals_conversation_id", "proposals", ["conversation_id"])
    op.create_index("ix_proposals_state", "proposals", ["state"])


def downgrade() -> None:
    for table in ("proposals", "staff_audit", "staff_devices", "staff_sessions", "staff_links", "staff"):
        op.drop_table(table)


def _of_staff() -> sa.Column[int]:
    return sa.Column("staff_id", sa.Integer, nullable=False)


def _to_staff(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=f"fk_{table}_staff", ondelete="CASCADE")
