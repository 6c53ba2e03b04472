"""What the hub and its service keep, and who else can read it. Called by checks/__init__.py."""

from __future__ import annotations

from shlex import quote

from ..findings import Finding
from ..observed import Live, Observed
from .words import listed

VOLATILE = ("tmpfs", "ramfs")
OTHERS = 0o077


def cookie_secret(observed: Observed) -> Finding:
    """Whether people stay logged in when the hub restarts."""
    name = "cookie-secret"
    secret = observed.cookie_secret
    why = (
        "With another secret all cookies are void: everybody is logged out of the hub, of their"
        " servers and of the console at each restart."
    )
    mend = (
        "Make one with `openssl rand -hex 32`, keep it in a file that lasts, and name that:\n"
        'c.JupyterHub.cookie_secret_file = "/srv/jupyterhub/jupyterhub_cookie_secret"'
    )
    if secret.changed:
        return Finding(
            name,
            "red",
            "The hub has started with another cookie secret than the time before",
            f"the one in {secret.path} was gone" if secret.path else f"by its {secret.source}",
            f"{why} If you have changed it on purpose, this goes away with the next start.",
            mend,
        )
    if secret.source == "file" and secret.file_system in VOLATILE:
        return Finding(
            name,
            "red",
            "The cookie secret is lost when this machine restarts",
            f"{secret.path} is on {secret.file_system}, that is, in memory",
            why,
            mend,
        )
    if secret.source == "file" and secret.file_system == "overlay":
        return Finding(
            name,
            "yellow",
            "The cookie secret is kept in the container itself",
            f"{secret.path} is on the container's own layer",
            f"It goes with the container. {why}",
            f"Mount a volume there. Or:\n{mend}",
        )
    where = secret.path if secret.path else f"from the {secret.source}"
    return Finding(name, "green", "The cookie secret is kept", where)


def private_files(live: Live) -> Finding | None:
    """Whether others on this machine can read or replace what is the service's own."""
    there = [each for each in live.files if each.there]
    if not there:
        return None
    name = "private-files"
    readable = [each for each in there if each.mode & OTHERS]
    if readable:
        return Finding(
            name,
            "red",
            "Others on this machine can read what is the service's own",
            "; ".join(f"{each.what} {each.path} has mode {each.mode:03o}" for each in readable),
            "With the key, entries of the audit log can be forged and the tokens in the database"
            " read. The handover says what is configured, the database who did what.",
            "\n".join(f"chmod 600 {quote(each.path)}" for each in readable),
        )
    replaceable = [each for each in there if each.replaceable]
    if replaceable:
        return Finding(
            name,
            "red",
            "Others on this machine can replace what is the service's own",
            "; ".join(
                f"{each.what} {each.path} is in a directory all may write" for each in replaceable
            ),
            "Whoever may write a directory may put another file in the place of one in it: another"
            " key, or another configuration.",
            "\n".join(f"chmod o-w,g-w $(dirname {quote(each.path)})" for each in replaceable),
        )
    return Finding(
        name,
        "green",
        "Only the service's user can read what is its own",
        listed(each.path for each in there),
    )


def key(live: Live) -> Finding | None:
    """Whether the database has lost its key."""
    files = {each.what: each for each in live.files}
    kept, database = files.get("the key"), files.get("the database")
    if kept is None or database is None or kept.there or not database.there:
        return None
    return Finding(
        "key",
        "red",
        "The database's key is gone",
        f"{database.path} is there, {kept.path} is not",
        "The audit log cannot be checked with any other key.",
        "Put the key back from your backup, and restart the hub.",
    )


def database(live: Live) -> Finding | None:
    """Whether the service can use its database."""
    if live.database:
        return Finding(
            "database",
            "red",
            "The service cannot use its database",
            live.database,
            "Without it there are no admin actions and no audit log. The service stores nothing and"
            " changes nothing in the database until this is mended.",
            "Install the version of jupyter_2i2c that wrote it, or a newer one; or restore the"
            " database from your backup.",
        )
    if live.database_known:
        return Finding("database", "green", "The database can be used", "its schema is known")
    return None


CONFIGURED = (cookie_secret,)
SEEN = (private_files, key, database)
