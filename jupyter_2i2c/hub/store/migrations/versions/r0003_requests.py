"""Requests for help, their attachments, and the outbox from which they are delivered."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

TIME = sa.DateTime(timezone=True)
LONG_ID = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "requests",
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("key", sa.Text, nullable=False),
        sa.Column("digest", sa.Text, nullable=False),
        sa.Column("reference", sa.Text, nullable=False),
        sa.Column("desk", sa.Text, nullable=False),
        sa.Column("person", sa.Text, nullable=False),
        sa.Column("representative", sa.Boolean, nullable=False),
        sa.Column("route", sa.Text, nullable=False),
        sa.Column("source", sa.Text, nullable=False),
        sa.Column("category", sa.Text, nullable=False),
        sa.Column("outage", sa.Text, nullable=False),
        sa.Column("subject", sa.Text, nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("affected", sa.Text, nullable=False),
        sa.Column("reply_to", sa.Text, nullable=False),
        sa.Column("diagnostics", sa.Text),
        sa.Column("encrypted", sa.LargeBinary),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("assignee", sa.Text, nullable=False),
        sa.Column("answer", sa.Text, nullable=False),
        sa.Column("created", TIME, nullable=False),
        sa.Column("updated", TIME, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_requests"),
        sa.UniqueConstraint("person", "key", name="uq_requests_person_key"),
    )
    op.create_index("ix_requests_person_created", "requests", ["person", "created"])
    op.create_index("ix_requests_state_created", "requests", ["state", "created"])
    op.create_index("ix_requests_updated", "requests", ["updated"])

    op.create_table(
        "request_attachments",
        sa.Column("id", LONG_ID, nullable=False),
        sa.Column("request", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("type", sa.Text, nullable=False),
        sa.Column("size", sa.Integer, nullable=False),
        sa.Column("data", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_request_attachments"),
        sa.ForeignKeyConstraint(
            ["request"], ["requests.id"], "fk_request_attachments_request", ondelete="CASCADE"
        ),
    )
    op.create_index("ix_request_attachments_request", "request_attachments", ["request", "id"])

    op.create_table(
        "outbox",
        sa.Column("id", LONG_ID, nullable=False),
        sa.Column("request", sa.Text, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("body", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("created", TIME, nullable=False),
        sa.Column("due", TIME, nullable=False),
        sa.Column("error", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_outbox"),
        sa.ForeignKeyConstraint(
            ["request"], ["requests.id"], "fk_outbox_request", ondelete="CASCADE"
        ),
    )
    op.create_index("ix_outbox_request", "outbox", ["request"])
    op.create_index("ix_outbox_state_due", "outbox", ["state", "due"])
