"""The databases that the tests of the store run on: SQLite, and a PostgreSQL of their own."""

from __future__ import annotations

import itertools
import os
import pwd
import shutil
import subprocess
import tempfile
from pathlib import Path

import pytest
from sqlalchemy import create_engine

from jupyter_2i2c.hub.store.database import Store

KEY = bytes(range(32))

numbers = itertools.count(1)


class Cluster:
    """A PostgreSQL in a directory of its own, on a socket in there."""

    def __init__(self, binaries: Path, directory: Path):
        self.binaries = binaries
        self.directory = directory
        self.user = pwd.getpwuid(os.geteuid()).pw_name
        if os.geteuid() == 0:  # which PostgreSQL refuses
            self.user = "postgres"
            shutil.chown(directory, "postgres")
        self.run("initdb", "--no-sync", "--auth=trust", "--encoding=UTF8", "-D", "data")
        # nobody needs these data after a power cut
        options = f"-c listen_addresses= -c unix_socket_directories={directory} -c fsync=off"
        self.run("pg_ctl", "start", "-w", "-D", "data", "-l", "log", "-o", options)

    def run(self, program, *arguments):
        """Run one of PostgreSQL's programs in the cluster's directory."""
        command = [self.binaries / program, *arguments]
        who = {"user": self.user, "group": self.user, "extra_groups": ()}
        # a file, for a server that is left running would hold a pipe open
        with (self.directory / "output").open("w") as output:
            done = subprocess.run(
                command,
                cwd=self.directory,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                check=False,
                **(who if os.geteuid() == 0 else {}),
            )
        assert done.returncode == 0, (self.directory / "output").read_text()

    def url(self, database):
        return f"postgresql://{self.user}@/{database}?host={self.directory}"

    def new(self):
        """The URL of a new, empty database."""
        name = f"test{next(numbers)}"
        engine = create_engine(
            self.url("postgres").replace("postgresql:", "postgresql+psycopg:"),
            isolation_level="AUTOCOMMIT",
        )
        with engine.connect() as connection:
            connection.exec_driver_sql(f"CREATE DATABASE {name}")
        engine.dispose()
        return self.url(name)

    def stop(self):
        self.run("pg_ctl", "stop", "-w", "-m", "immediate", "-D", "data")


def binaries() -> Path | None:
    """Where PostgreSQL's programs are."""
    found = shutil.which("pg_ctl")
    if found:
        return Path(found).parent
    debian = sorted(
        Path("/usr/lib/postgresql").glob("*/bin/pg_ctl"), key=lambda path: int(path.parts[4])
    )
    return debian[-1].parent if debian else None


@pytest.fixture(scope="session")
def postgresql():
    """A PostgreSQL that is there for the tests."""
    programs = binaries()
    if programs is None:
        why = "PostgreSQL is not here; on Debian: apt-get install postgresql"
        pytest.fail(why) if os.environ.get("CI") else pytest.skip(why)
    directory = Path(tempfile.mkdtemp(prefix="2i2c-pg-"))
    try:
        cluster = Cluster(programs, directory)
        yield cluster
        cluster.stop()
    finally:
        shutil.rmtree(directory)


@pytest.fixture
def sqlite_url(tmp_path):
    """The URL of a new SQLite database."""
    return f"sqlite:///{tmp_path / 'store.sqlite'}"


@pytest.fixture
def postgresql_url(postgresql):
    """The URL of a new PostgreSQL database."""
    return postgresql.new()


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request):
    """The URL of a new database, of each kind in turn."""
    return request.getfixturevalue(f"{request.param}_url")


@pytest.fixture
def heads():
    """The heads of the audit log that the stores of a test have put out."""
    return []


@pytest.fixture
def open_store(heads):
    """Opens stores, and closes them after the test."""
    opened = []

    def open_(url, key=KEY, **options):
        store = Store(url, key, on_head=heads.append, **options)
        opened.append(store)
        store.open()
        return store

    yield open_
    for store in opened:
        store.close()


@pytest.fixture
def store(url, open_store):
    """A new store on each kind of database."""
    return open_store(url, patience=0.2)


@pytest.fixture
def raw(url):
    """Changes a database behind the store's back."""
    engine = create_engine(url.replace("postgresql:", "postgresql+psycopg:"))

    def run(statement):
        with engine.begin() as connection:
            result = connection.exec_driver_sql(statement)
            return result.all() if result.returns_rows else result.rowcount

    yield run
    engine.dispose()
