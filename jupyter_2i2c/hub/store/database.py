"""The database: opened, migrated, read and written without keeping the event loop. Used by the service and by `jupyter 2i2c audit`.

One thread writes, a few read. Each call is one transaction: all of it is stored, or nothing.
"""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, Concatenate, ParamSpec, TypeVar

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError

from . import audit, migrations
from .audit import Ledger
from .errors import Refusal as Refusal
from .errors import StoreUnavailable as StoreUnavailable
from .errors import StoreUnusable as StoreUnusable
from .errors import explain
from .keys import Keys, UnusableKey

P = ParamSpec("P")
T = TypeVar("T")

DEFAULT_URL = "sqlite:///jupyter_2i2c.sqlite"
DEFAULT_KEY_FILE = "jupyter_2i2c.key"

PATIENCE = 5.0
"""Seconds to wait for another process that writes."""

READERS = 4

LOCK = 0x2121C
"""The number of the lock by which processes take turns at writing to PostgreSQL."""

log = logging.getLogger(__name__)


def log_head(head: str) -> None:
    """Put the audit log's head in the log stream, where who changes the database cannot reach it."""
    log.info("jupyter_2i2c audit head %s", head)


class Store:
    """What the service keeps.

    Args:
        url: an SQLAlchemy URL, ``sqlite:///FILE`` or ``postgresql://…``.
        key: 32 bytes that are kept outside the database.
        on_head: called with ``sequence:hash`` after each write that the audit log tells of.
        on_entry: called with action and result for each entry of the audit log, when it is stored.
        patience: seconds to wait for another process that writes.
    """

    def __init__(
        self,
        url: str,
        key: bytes,
        *,
        on_head: Callable[[str], None] = log_head,
        on_entry: Callable[[str, str], None] | None = None,
        patience: float = PATIENCE,
    ) -> None:
        self._url = _checked(url)
        try:
            self._keys = Keys(key)
        except UnusableKey as error:
            raise StoreUnusable(str(error)) from None
        self._on_head = on_head
        self._on_entry = on_entry
        self._patience = patience
        self._engine: Engine | None = None
        self._closed = False
        self._writer = ThreadPoolExecutor(1, "store-writer")
        self._readers = ThreadPoolExecutor(READERS, "store-reader")

    def __str__(self) -> str:
        return self._url.render_as_string(hide_password=True)

    def open(self, *, migrate: bool = True) -> None:
        """Connect, check, and bring the tables to this version.

        Args:
            migrate: whether to change an older database; otherwise it is refused.

        Raises:
            StoreUnusable: it cannot be used as it is.
        """
        file = self._file()
        if file and migrate:
            _create(file)
        elif file and not file.exists():
            raise StoreUnusable(f"{file}: there is no such database")
        self._engine = _engine(self._url, self._patience)
        try:
            self._open(migrate)
        except DBAPIError as error:
            self._dispose()
            raise StoreUnusable(f"{self}: {_first_words(error)}") from None
        except BaseException:
            self._dispose()
            raise

    def _open(self, migrate: bool) -> None:
        if self._url.get_backend_name() == "sqlite":
            with self._transaction(writes=False) as connection:
                found = connection.exec_driver_sql("PRAGMA quick_check(1)").scalar_one()
                if found != "ok":
                    raise StoreUnusable(
                        f"{self}: the database is damaged ({' '.join(found.split())}). Put it aside"
                        " and restore your backup"
                    )
        with self._transaction(writes=migrate) as connection:
            try:
                if migrate:
                    migrations.upgrade(connection)
                    migrations.prove_writable(connection)
                    audit.begin(connection)
                else:
                    migrations.check(connection)
            except migrations.CannotMigrate as error:
                raise StoreUnusable(f"{self}: {error}") from None
            if not audit.fits(connection):
                raise StoreUnusable(
                    f"{self}: the key is not the one that this database was made with. Take the"
                    " key's file from where the service ran before, or from your backup; to begin"
                    " anew, give it an empty database"
                )

    def close(self) -> None:
        """Let running calls end, and disconnect."""
        self._closed = True
        self._writer.shutdown()
        self._readers.shutdown()
        self._dispose()

    def _dispose(self) -> None:
        if self._engine:
            self._engine.dispose()
            self._engine = None

    async def write(
        self, function: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """Run `function(connection, …)` in a transaction that may change things.

        Raises:
            StoreUnavailable: the database does not take it now; nothing is stored.
            Refusal: the function's; what it wrote is stored. Anything else it raises undoes that.
        """
        call = partial(self.write_now, function, *args, **kwargs)
        return await self._in(self._writer, call)

    async def read(
        self, function: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """Run `function(connection, …)` in a transaction that sees one moment of the database.

        Raises:
            StoreUnavailable: the database does not answer now.
        """
        call = partial(self.read_now, function, *args, **kwargs)
        return await self._in(self._readers, call)

    async def _in(self, threads: ThreadPoolExecutor, call: Callable[[], T]) -> T:
        if self._closed:
            raise StoreUnavailable("the service is stopping")
        return await asyncio.get_running_loop().run_in_executor(threads, call)

    def write_now(
        self, function: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """As `write`, in this thread; for the command line and for tests."""
        refusal: Refusal | None = None
        ledger = Ledger(self._keys)
        with self._available(), self._transaction(writes=True, ledger=ledger) as connection:
            try:
                result = function(connection, *args, **kwargs)
            except Refusal as error:
                refusal = error
        if ledger.head:
            self._on_head(ledger.head)
        if self._on_entry:
            for entry in ledger.written:
                self._on_entry(*entry)
        if refusal is not None:
            raise refusal
        return result

    def read_now(
        self, function: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """As `read`, in this thread."""
        with self._available(), self._transaction(writes=False) as connection:
            return function(connection, *args, **kwargs)

    @contextmanager
    def _available(self) -> Iterator[None]:
        try:
            yield
        except DBAPIError as error:
            words = explain(error)
            if words is None:
                raise
            raise StoreUnavailable(words) from None

    @contextmanager
    def _transaction(self, *, writes: bool, ledger: Ledger | None = None) -> Iterator[Connection]:
        if self._engine is None:
            raise StoreUnavailable("the store is not open")
        options: dict[str, Any] = {"writes": writes, "ledger": ledger or Ledger(self._keys)}
        if not writes and self._url.get_backend_name() == "postgresql":
            options |= {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
        with self._engine.connect().execution_options(**options) as connection, connection.begin():
            yield connection

    def _file(self) -> Path | None:
        """Where an SQLite database is, unless the URL leaves that to SQLite (``uri=true``)."""
        if self._url.get_backend_name() == "sqlite" and "uri" not in self._url.query:
            return Path(self._url.database or "")
        return None


def _checked(url: str) -> URL:
    """The URL of a database that the store can use."""
    try:
        parsed = make_url(url)
    except ArgumentError:
        raise StoreUnusable(
            "HubService.database_url is no address of a database; write sqlite:///FILE or"
            " postgresql://USER@HOST/NAME"
        ) from None
    if parsed.drivername == "postgresql":
        parsed = parsed.set(drivername="postgresql+psycopg")
    if parsed.drivername not in ("sqlite", "postgresql+psycopg"):
        raise StoreUnusable(
            f"HubService.database_url: {parsed.drivername!r} is not supported; write"
            " sqlite:///FILE or postgresql://USER@HOST/NAME"
        )
    if parsed.drivername == "sqlite" and (parsed.database or ":memory:") == ":memory:":
        raise StoreUnusable(
            "HubService.database_url names no file, so all would be lost when the service stops;"
            " write sqlite:///FILE"
        )
    return parsed


def _create(file: Path) -> None:
    """Make an empty database that only its owner can read; SQLite would ask the umask."""
    try:
        os.close(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    except FileExistsError:
        pass
    except OSError as error:
        raise StoreUnusable(
            f"{file}: {error.strerror}, so no database can be made there; set"
            " HubService.database_url to a place that the service can write"
        ) from None


def _engine(url: URL, patience: float) -> Engine:
    # what is stored must not get into logs with the statement that failed
    if url.get_backend_name() == "sqlite":
        engine = create_engine(
            url, hide_parameters=True, pool_size=READERS + 1, connect_args={"timeout": patience}
        )

        @event.listens_for(engine, "connect")
        def prepare(connection: Any, _: object) -> None:
            connection.isolation_level = None  # transactions are begun below
            # who damages a text must not keep the rest from being read, and checked
            connection.text_factory = lambda text: text.decode("utf-8", "replace")
            connection.execute("PRAGMA journal_mode = WAL")
            # what was answered must be there after a power cut
            connection.execute("PRAGMA synchronous = FULL")
            connection.execute("PRAGMA foreign_keys = ON")

        @event.listens_for(engine, "begin")
        def begin(connection: Connection) -> None:
            writes = connection.get_execution_options().get("writes")
            connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

        return engine
    try:
        engine = create_engine(
            url,
            hide_parameters=True,
            pool_size=READERS + 1,
            pool_pre_ping=True,
            connect_args={"connect_timeout": 5, "tcp_user_timeout": 10_000},
        )
    except ImportError:
        raise StoreUnusable(
            "PostgreSQL needs one more package: pip install 'jupyter_2i2c[postgresql]'"
        ) from None

    @event.listens_for(engine, "begin")
    def take_turns(connection: Connection) -> None:
        if connection.get_execution_options().get("writes"):
            connection.exec_driver_sql(f"SET LOCAL lock_timeout = {int(patience * 1000)}")
            connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({LOCK})")

    return engine


def _first_words(error: DBAPIError) -> str:
    """Why a database cannot be opened: our words, else the first line of the driver's."""
    return explain(error) or str(error.orig).strip().partition("\n")[0]
