"""Workers, what they were given, the files that they sent, quotas."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

import loraloom.store.tables

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

TIME = loraloom.store.tables.Utc(timezone=True)


def upgrade() -> None:
    op.create_table(
        "workers",
        sa.Column("id", sa.String(length=16), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("devices", sa.JSON(), nullable=False),
        sa.Column("labels", sa.JSON(), nullable=False),
        sa.Column("version", sa.String(length=200), nullable=False),
        sa.Column("draining", sa.Boolean(), nullable=False),
        sa.Column("seen_at", TIME, nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_workers")),
        sa.UniqueConstraint("name", name=op.f("uq_workers_name")),
    )
    op.add_column("users", sa.Column("team", sa.String(length=200), nullable=False, server_default=""))
    for column in (
        sa.Column("fence", sa.BigInteger(), nullable=False, server_default="0"),
        sa.Column("worker", sa.String(length=200), nullable=True),
        sa.Column("needs_bytes", sa.BigInteger(), nullable=True),
        sa.Column("wanted_device", sa.String(length=200), nullable=False, server_default="auto"),
        sa.Column("labels", sa.JSON(), nullable=False, server_default="[]"),
    ):
        op.add_column("runs", column)
    op.create_index(op.f("ix_runs_ended_at"), "runs", ["ended_at"])
    op.create_table(
        "grants",
        sa.Column("id", sa.String(length=16), nullable=False),
        sa.Column("run_id", sa.String(length=16), nullable=False),
        sa.Column("fence", sa.BigInteger(), nullable=False),
        sa.Column("worker_id", sa.String(length=16), nullable=True),
        sa.Column("device", sa.String(length=200), nullable=False),
        sa.Column("secret", sa.String(length=64), nullable=False),
        sa.Column("granted_at", TIME, nullable=False),
        sa.Column("beat_at", TIME, nullable=False),
        sa.Column("ended_at", TIME, nullable=True),
        sa.Column("how", sa.String(length=200), nullable=True),
        sa.ForeignKeyConstraint(["run_id"], ["runs.id"], name=op.f("fk_grants_run_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["worker_id"], ["workers.id"], name=op.f("fk_grants_worker_id"), ondelete="SET NULL"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_grants")),
        sa.UniqueConstraint("run_id", "fence", name=op.f("uq_grants_run_id_fence")),
        sa.UniqueConstraint("secret", name=op.f("uq_grants_secret")),
    )
    op.create_index(op.f("ix_grants_worker_id"), "grants", ["worker_id"])
    op.create_index(op.f("ix_grants_ended_at"), "grants", ["ended_at"])
    op.create_table(
        "artifacts",
        sa.Column("run_id", sa.String(length=16), nullable=False),
        sa.Column("path", sa.String(length=500), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("bytes", sa.BigInteger(), nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.ForeignKeyConstraint(["run_id"], ["runs.id"], name=op.f("fk_artifacts_run_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("run_id", "path", name=op.f("pk_artifacts")),
    )
    op.create_index(op.f("ix_artifacts_sha256"), "artifacts", ["sha256"])
    op.create_table(
        "quotas",
        sa.Column("kind", sa.String(length=200), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("most_active", sa.Integer(), nullable=True),
        sa.Column("most_queued", sa.Integer(), nullable=True),
        sa.PrimaryKeyConstraint("kind", "name", name=op.f("pk_quotas")),
    )


def downgrade() -> None:
    for table in ("quotas", "artifacts", "grants"):
        op.drop_table(table)
    op.drop_index(op.f("ix_runs_ended_at"), "runs")
    for name in ("labels", "wanted_device", "needs_bytes", "worker", "fence"):
        op.drop_column("runs", name)
    op.drop_column("users", "team")
    op.drop_table("workers")
