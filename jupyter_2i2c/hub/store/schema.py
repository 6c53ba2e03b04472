"""The tables of the store, and the types of their columns. Used by the modules beside this one.

What is here and what the migrations make is the same; a test compares them. A part of the project
that stores something of its own adds its tables here and a migration after the last one.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime, timezone
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    DateTime,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
)
from sqlalchemy.dialects import sqlite
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator, TypeEngine


def now() -> datetime:
    """The time, aware and in UTC, as everything in the store is."""
    return datetime.now(timezone.utc)


def clean(text: str) -> str:
    """Text as every database takes it: without NUL, which PostgreSQL refuses, and half surrogates."""
    return text.replace("\0", "\ufffd").encode("utf-8", "replace").decode()


def clean_json(value: Any) -> Any:
    """A JSON value with all its texts clean: escaped, they would get past the database, and break what is made of it."""
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, Mapping):
        return {clean(key): clean_json(each) for key, each in value.items()}
    return [clean_json(each) for each in value] if isinstance(value, (list, tuple)) else value


def canonical(value: Mapping[str, Any]) -> str:
    """The one JSON text of a value, whatever the order in which it was put together."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False)


class _SqliteTime(sqlite.DATETIME):
    """As SQLite keeps times; what somebody put there that is none is read as the year 1."""

    def result_processor(self, dialect: Dialect, coltype: object) -> Any:
        read = super().result_processor(dialect, coltype)
        assert read is not None

        def forgiving(value: Any) -> datetime | None:
            try:
                return read(value)
            except (TypeError, ValueError):
                return datetime.min

        return forgiving


class Utc(TypeDecorator[datetime]):
    """A point in time. Takes aware times only, gives them back in UTC."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        if dialect.name == "sqlite":
            return _SqliteTime()  # type: ignore[no-untyped-call]
        return self.impl_instance

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"{value} has no time zone; the store takes aware times only")
        value = value.astimezone(timezone.utc)
        # SQLite has no type for times: they are texts that sort, all of them in UTC
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: datetime | None, _dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            return value.replace(tzinfo=timezone.utc)
        return value.astimezone(timezone.utc)


class Words(TypeDecorator[str]):
    """Text from anybody."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, _dialect: Dialect) -> str | None:
        return None if value is None else clean(value)


class Json(TypeDecorator[Mapping[str, Any]]):
    """A JSON object, kept as its canonical text. What somebody put there that is none is shown as it is."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Mapping[str, Any] | None, _dialect: Dialect) -> str | None:
        return None if value is None else canonical(clean_json(value))

    def process_result_value(
        self, value: str | None, _dialect: Dialect
    ) -> Mapping[str, Any] | None:
        if value is None:
            return None
        try:
            found = json.loads(value)
        except (TypeError, ValueError):
            found = None
        return found if isinstance(found, dict) else {"unreadable": str(value)}


LongId = BigInteger().with_variant(Integer, "sqlite")
"""SQLite counts rows by itself only in a column of the type INTEGER, which holds 64 bits there."""

metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
    }
)

intents = Table(
    "intents",
    metadata,
    Column("id", Words, primary_key=True),
    Column("kind", Words, nullable=False),
    Column("actor", Words, nullable=False),
    Column("target", Json, nullable=False),
    Column("note", Words, nullable=False),
    Column("source", Words, nullable=False),
    Column("state", Words, nullable=False),
    Column("created", Utc, nullable=False),
    Column("expires", Utc, nullable=False),
    Column("decided", Utc),
    Column("message", Words, nullable=False),
    Column("outcome", Json, nullable=False),
    Column("job", Words),
    Index("ix_intents_actor_created", "actor", "created"),
    Index("ix_intents_state_expires", "state", "expires"),
)

jobs = Table(
    "jobs",
    metadata,
    Column("id", Words, primary_key=True),
    Column("kind", Words, nullable=False),
    Column("actor", Words, nullable=False),
    Column("state", Words, nullable=False),
    Column("created", Utc, nullable=False),
    Column("updated", Utc, nullable=False),
    Column("total", Integer, nullable=False),
    Column("reason", Words, nullable=False),
    Column("message", Words, nullable=False),
    Column("token", LargeBinary),
    Column("token_expires", Utc),
    Index("ix_jobs_state", "state"),
)

job_items = Table(
    "job_items",
    metadata,
    Column("id", LongId, primary_key=True),
    Column("job", Words, ForeignKey("jobs.id", ondelete="CASCADE"), nullable=False),
    Column("user", Words, nullable=False),
    Column("server", Words, nullable=False),
    Column("mark", Words, nullable=False),
    Column("state", Words, nullable=False),
    Column("error", Words, nullable=False),
    Column("attempts", Integer, nullable=False),
    UniqueConstraint("job", "user", "server"),
    Index("ix_job_items_job_state_id", "job", "state", "id"),
)

audit = Table(
    "audit",
    metadata,
    Column("sequence", LongId, primary_key=True, autoincrement=False),
    Column("time", Utc, nullable=False),
    Column("actor", Words, nullable=False),
    Column("action", Words, nullable=False),
    Column("target_user", Words, nullable=False),
    Column("target", Json, nullable=False),
    Column("result", Words, nullable=False),
    Column("reason", Words, nullable=False),
    Column("source", Words, nullable=False),
    Column("detail", Json, nullable=False),
    Column("previous", Words, nullable=False),
    Column("hash", Words, nullable=False),
    Index("ix_audit_actor_sequence", "actor", "sequence"),
    Index("ix_audit_action_sequence", "action", "sequence"),
    Index("ix_audit_target_user_sequence", "target_user", "sequence"),
)

audit_checkpoints = Table(
    "audit_checkpoints",
    metadata,
    Column("sequence", LongId, primary_key=True, autoincrement=False),
    Column("hash", Words, nullable=False),
    Column("time", Utc, nullable=False),
    Column("actor", Words, nullable=False),
    Column("signature", Words, nullable=False),
)

announcements = Table(
    "announcements",
    metadata,
    Column("id", Words, primary_key=True),
    Column("title", Words, nullable=False),
    Column("body", Words, nullable=False),
    Column("severity", Words, nullable=False),
    Column("audience", Json, nullable=False),
    Column("starts", Utc),
    Column("ends", Utc),
    Column("show_from", Utc),
    Column("show_until", Utc),
    Column("dismissible", Boolean, nullable=False),
    Column("acknowledge", Boolean, nullable=False),
    Column("link", Words, nullable=False),
    Column("author", Words, nullable=False),
    Column("created", Utc, nullable=False),
    Column("updated", Utc, nullable=False),
    Column("withdrawn", Utc),
    Column("version", Integer, nullable=False),
    Column("edition", Integer, nullable=False),
    Index("ix_announcements_withdrawn_created", "withdrawn", "created"),
)

announcement_versions = Table(
    "announcement_versions",
    metadata,
    Column(
        "announcement",
        Words,
        ForeignKey("announcements.id", ondelete="CASCADE"),
        primary_key=True,
    ),
    Column("version", Integer, primary_key=True, autoincrement=False),
    Column("what", Words, nullable=False),
    Column("who", Words, nullable=False),
    Column("time", Utc, nullable=False),
    Column("content", Json, nullable=False),
)

announcement_marks = Table(
    "announcement_marks",
    metadata,
    Column("person", Words, primary_key=True),
    Column(
        "announcement",
        Words,
        ForeignKey("announcements.id", ondelete="CASCADE"),
        primary_key=True,
    ),
    Column("edition", Integer, nullable=False),
    Column("seen", Utc, nullable=False),
    Column("acknowledged", Utc),
    Column("dismissed", Utc),
    Index("ix_announcement_marks_announcement", "announcement"),
)

requests = Table(
    "requests",
    metadata,
    Column("id", Words, primary_key=True),
    Column("key", Words, nullable=False),
    Column("digest", Words, nullable=False),
    Column("reference", Words, nullable=False),
    Column("desk", Words, nullable=False),
    Column("person", Words, nullable=False),
    Column("representative", Boolean, nullable=False),
    Column("route", Words, nullable=False),
    Column("source", Words, nullable=False),
    Column("category", Words, nullable=False),
    Column("outage", Words, nullable=False),
    Column("subject", Words, nullable=False),
    Column("text", Words, nullable=False),
    Column("affected", Words, nullable=False),
    Column("reply_to", Words, nullable=False),
    Column("diagnostics", Json),
    Column("encrypted", LargeBinary),
    Column("state", Words, nullable=False),
    Column("assignee", Words, nullable=False),
    Column("answer", Words, nullable=False),
    Column("created", Utc, nullable=False),
    Column("updated", Utc, nullable=False),
    UniqueConstraint("person", "key"),
    Index("ix_requests_person_created", "person", "created"),
    Index("ix_requests_state_created", "state", "created"),
    Index("ix_requests_updated", "updated"),
)

request_attachments = Table(
    "request_attachments",
    metadata,
    Column("id", LongId, primary_key=True),
    Column("request", Words, ForeignKey("requests.id", ondelete="CASCADE"), nullable=False),
    Column("name", Words, nullable=False),
    Column("type", Words, nullable=False),
    Column("size", Integer, nullable=False),
    Column("data", LargeBinary, nullable=False),
    Index("ix_request_attachments_request", "request", "id"),
)

outbox = Table(
    "outbox",
    metadata,
    Column("id", LongId, primary_key=True),
    Column("request", Words, ForeignKey("requests.id", ondelete="CASCADE"), nullable=False),
    Column("kind", Words, nullable=False),
    Column("body", Words, nullable=False),
    Column("state", Words, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("created", Utc, nullable=False),
    Column("due", Utc, nullable=False),
    Column("error", Words, nullable=False),
    Index("ix_outbox_request", "request"),
    Index("ix_outbox_state_due", "state", "due"),
)

exports = Table(
    "exports",
    metadata,
    Column("id", Words, primary_key=True),
    Column("actor", Words, nullable=False),
    Column("state", Words, nullable=False),
    Column("people", Boolean, nullable=False),
    Column("announcements", Boolean, nullable=False),
    Column("step", Words, nullable=False),
    Column("done", BigInteger, nullable=False),
    Column("total", BigInteger, nullable=False),
    Column("message", Words, nullable=False),
    Column("file", Words, nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("sha256", Words, nullable=False),
    Column("highest", Words, nullable=False),
    Column("blockers", Integer, nullable=False),
    Column("not_run", Integer, nullable=False),
    Column("created", Utc, nullable=False),
    Column("updated", Utc, nullable=False),
    Column("removed", Utc),
    Index("ix_exports_state", "state"),
    Index("ix_exports_created", "created"),
)
