"""Codes that stand in for a lost phone at sign-in."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("staff", sa.Column("recovery", sa.JSON))


def downgrade() -> None:
    op.drop_column("staff", "recovery")
