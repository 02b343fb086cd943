"""LoRAs made elsewhere, pictures of the playground, votes of experiments, publications."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

import loraloom.store.tables

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("loras") as loras:
        loras.alter_column("run_id", existing_type=sa.String(length=16), nullable=True)
    op.create_table(
        "drawings",
        sa.Column("id", sa.String(length=16), nullable=False),
        sa.Column("user_id", sa.String(length=16), nullable=False),
        sa.Column("asked", sa.JSON(), nullable=False),
        sa.Column("blob", sa.String(length=64), nullable=False),
        sa.Column("width", sa.Integer(), nullable=False),
        sa.Column("height", sa.Integer(), nullable=False),
        sa.Column("seconds", sa.Double(), nullable=False),
        sa.Column("created_at", loraloom.store.tables.Utc(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_drawings_user_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_drawings")),
    )
    op.create_index(op.f("ix_drawings_user_id"), "drawings", ["user_id"])
    op.create_index(op.f("ix_drawings_blob"), "drawings", ["blob"])
    op.create_table(
        "votes",
        sa.Column("id", sa.String(length=16), nullable=False),
        sa.Column("run_id", sa.String(length=16), nullable=False),
        sa.Column("user_id", sa.String(length=16), nullable=False),
        sa.Column("left", sa.Integer(), nullable=False),
        sa.Column("right", sa.Integer(), nullable=False),
        sa.Column("winner", sa.String(length=200), nullable=False),
        sa.Column("created_at", loraloom.store.tables.Utc(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["run_id"], ["runs.id"], name=op.f("fk_votes_run_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_votes_user_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_votes")),
    )
    op.create_index(op.f("ix_votes_run_id"), "votes", ["run_id"])
    op.create_index(op.f("ix_votes_user_id"), "votes", ["user_id"])
    op.create_table(
        "publications",
        sa.Column("id", sa.String(length=16), nullable=False),
        sa.Column("lora_id", sa.String(length=16), nullable=True),
        sa.Column("user_id", sa.String(length=16), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("target", sa.String(length=200), nullable=False),
        sa.Column("place", sa.String(length=2000), nullable=False),
        sa.Column("state", sa.String(length=200), nullable=False),
        sa.Column("tested", sa.Boolean(), nullable=False),
        sa.Column("changes", sa.Text(), nullable=False),
        sa.Column("files", sa.JSON(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("details", sa.JSON(), nullable=False),
        sa.Column("created_at", loraloom.store.tables.Utc(timezone=True), nullable=False),
        sa.Column("withdrawn_at", loraloom.store.tables.Utc(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["lora_id"], ["loras.id"], name=op.f("fk_publications_lora_id"), ondelete="SET NULL"),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_publications_user_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_publications")),
        sa.UniqueConstraint(
            "lora_id", "target", "place", "version", name=op.f("uq_publications_lora_id_target_place_version")
        ),
    )
    op.create_index(op.f("ix_publications_lora_id"), "publications", ["lora_id"])
    op.create_index(op.f("ix_publications_user_id"), "publications", ["user_id"])


def downgrade() -> None:
    op.drop_table("publications")
    op.drop_table("votes")
    op.drop_table("drawings")
    with op.batch_alter_table("loras") as loras:
        loras.alter_column("run_id", existing_type=sa.String(length=16), nullable=False)
