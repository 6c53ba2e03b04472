"""Announcements, what they said before, and who has seen them."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Make their tables."""
    op.create_table(
        "announcements",
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("title", sa.Text, nullable=False),
        sa.Column("body", sa.Text, nullable=False),
        sa.Column("severity", sa.Text, nullable=False),
        sa.Column("audience", sa.Text, nullable=False),
        sa.Column("starts", TIME),
        sa.Column("ends", TIME),
        sa.Column("show_from", TIME),
        sa.Column("show_until", TIME),
        sa.Column("dismissible", sa.Boolean, nullable=False),
        sa.Column("acknowledge", sa.Boolean, nullable=False),
        sa.Column("link", sa.Text, nullable=False),
        sa.Column("author", sa.Text, nullable=False),
        sa.Column("created", TIME, nullable=False),
        sa.Column("updated", TIME, nullable=False),
        sa.Column("withdrawn", TIME),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("edition", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_announcements"),
    )
    op.create_index("ix_announcements_withdrawn_created", "announcements", ["withdrawn", "created"])

    op.create_table(
        "announcement_versions",
        sa.Column("announcement", sa.Text, nullable=False),
        sa.Column("version", sa.Integer, autoincrement=False, nullable=False),
        sa.Column("what", sa.Text, nullable=False),
        sa.Column("who", sa.Text, nullable=False),
        sa.Column("time", TIME, nullable=False),
        sa.Column("content", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("announcement", "version", name="pk_announcement_versions"),
        sa.ForeignKeyConstraint(
            ["announcement"],
            ["announcements.id"],
            "fk_announcement_versions_announcement",
            ondelete="CASCADE",
        ),
    )

    op.create_table(
        "announcement_marks",
        sa.Column("person", sa.Text, nullable=False),
        sa.Column("announcement", sa.Text, nullable=False),
        sa.Column("edition", sa.Integer, nullable=False),
        sa.Column("seen", TIME, nullable=False),
        sa.Column("acknowledged", TIME),
        sa.Column("dismissed", TIME),
        sa.PrimaryKeyConstraint("person", "announcement", name="pk_announcement_marks"),
        sa.ForeignKeyConstraint(
            ["announcement"],
            ["announcements.id"],
            "fk_announcement_marks_announcement",
            ondelete="CASCADE",
        ),
    )
    op.create_index("ix_announcement_marks_announcement", "announcement_marks", ["announcement"])
