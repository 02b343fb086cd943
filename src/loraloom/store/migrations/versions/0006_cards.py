"""Runs that compute on several cards, children known without the clock, and which machine a worker's name belongs to."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("runs", sa.Column("cards", sa.Integer(), nullable=False, server_default="1"))
    op.add_column("runs", sa.Column("pid_mark", sa.String(length=80), nullable=True))
    op.add_column("workers", sa.Column("instance", sa.String(length=200), nullable=False, server_default=""))


def downgrade() -> None:
    op.drop_column("workers", "instance")
    op.drop_column("runs", "pid_mark")
    op.drop_column("runs", "cards")
