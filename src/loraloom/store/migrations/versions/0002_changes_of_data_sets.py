"""Changes of data sets, more of each picture, runs of another kind."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

import loraloom.store.tables

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

ZERO, ONE, NO = sa.text("0"), sa.text("1"), sa.false()


def columns() -> dict[str, tuple[sa.Column[Any], ...]]:
    """New columns of tables that are there."""
    return {
        "datasets": (
            sa.Column("version", sa.Integer(), nullable=False, server_default=ZERO),
            sa.Column("labelling", sa.JSON(), nullable=True),
        ),
        "images": (
            sa.Column("author", sa.String(length=200), nullable=True),
            sa.Column("version", sa.Integer(), nullable=False, server_default=ZERO),
            sa.Column("repeats", sa.Integer(), nullable=False, server_default=ONE),
            sa.Column("held_out", sa.Boolean(), nullable=False, server_default=NO),
            sa.Column("crop", sa.JSON(), nullable=True),
            sa.Column("mask", sa.String(length=64), nullable=True),
            sa.Column("removed", sa.Boolean(), nullable=False, server_default=NO),
            sa.Column("looked", sa.JSON(), nullable=True),
        ),
        "uploads": (sa.Column("source", sa.String(length=2000), nullable=True),),
        "runs": (
            sa.Column("kind", sa.String(length=200), nullable=False, server_default="train"),
            sa.Column("dataset_version", sa.Integer(), nullable=True),
        ),
    }


def upgrade() -> None:
    op.create_table(
        "changes",
        sa.Column("id", sa.String(length=16), nullable=False),
        sa.Column("dataset_id", sa.String(length=16), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("author", sa.String(length=200), nullable=False),
        sa.Column("kind", sa.String(length=200), nullable=False),
        sa.Column("words", sa.JSON(), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("undone_by", sa.Integer(), nullable=True),
        sa.Column("created_at", loraloom.store.tables.Utc(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["dataset_id"], ["datasets.id"], name=op.f("fk_changes_dataset_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_changes")),
        sa.UniqueConstraint("dataset_id", "number", name=op.f("uq_changes_dataset_id_number")),
    )
    op.create_table(
        "change_items",
        sa.Column("change_id", sa.String(length=16), nullable=False),
        sa.Column("image_id", sa.String(length=16), nullable=False),
        sa.Column("before", sa.JSON(), nullable=False),
        sa.Column("after", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(
            ["change_id"], ["changes.id"], name=op.f("fk_change_items_change_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["image_id"], ["images.id"], name=op.f("fk_change_items_image_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("change_id", "image_id", name=op.f("pk_change_items")),
    )
    op.create_index(op.f("ix_change_items_image_id"), "change_items", ["image_id"])
    for table, new in columns().items():
        for column in new:
            op.add_column(table, column)
    op.drop_index(op.f("ix_images_dataset_id_id"), table_name="images")
    op.create_index(op.f("ix_images_dataset_id_removed_id"), "images", ["dataset_id", "removed", "id"])
    op.create_index(op.f("ix_runs_kind"), "runs", ["kind"])


def downgrade() -> None:
    op.drop_index(op.f("ix_runs_kind"), table_name="runs")
    op.drop_index(op.f("ix_images_dataset_id_removed_id"), table_name="images")
    op.create_index(op.f("ix_images_dataset_id_id"), "images", ["dataset_id", "id"])
    for table, new in columns().items():
        for column in new:
            op.drop_column(table, column.name)
    op.drop_table("change_items")
    op.drop_table("changes")
