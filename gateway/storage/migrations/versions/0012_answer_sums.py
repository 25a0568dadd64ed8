"""How each answer did in chats that are gone, week by week."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "answer_sums",
        sa.Column("week", sa.Date, nullable=False),
        sa.Column("answer", sa.String(130), nullable=False),
        sa.Column("given", sa.Integer, nullable=False),
        sa.Column("helpful", sa.Integer, nullable=False),
        sa.Column("not_helpful", sa.Integer, nullable=False),
        sa.Column("handed_over", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("week", "answer", name="pk_answer_sums"),
    )


def downgrade() -> None:
    op.drop_table("answer_sums")
