"""What every community that leaves has to do, whatever its hub runs on: who, what to decide, and the steps around it. Called by kubernetes.py and machine.py."""

from __future__ import annotations

from ..manifest import Manifest
from .content import Row, Stage

DECIDES = "Who decides"
HELPS = "Who answers people"
PYTHON = "Who reads the Python"

DECIDING: Row = (DECIDES, "the questions above, money, the day", "somebody must be able to say yes")
HELPING: Row = (
    HELPS,
    "tells people what happens, and helps on the day",
    "names, links and files move",
)

PRICE: Row = (
    "what the hub cost in each of the last three months: machines, disks, traffic",
    "somebody else will pay it",
)
SWITCHED_OFF: Row = (
    "the day on which they switch off, in writing",
    "and what they delete on that day",
)


def has_announcements(manifest: Manifest) -> bool:
    """Whether the bundle has announcements that can be restored."""
    return any(each.id == "announcements:list" and each.path for each in manifest.items)


def has_people(manifest: Manifest) -> bool:
    """Whether the bundle has the users and groups of the hub's database."""
    return any(
        each.id in ("people:users", "groups:groups") and each.status == "captured"
        for each in manifest.items
    )


def address(now: str) -> tuple[Row, Row]:
    """Under which address it will be, and under which until then."""
    return (
        (
            "Under which address?",
            now,
            (
                "is the name yours, and who can change where it leads? If not: links, bookmarks and the login"
                " change with it"
            ),
        ),
        (
            "Under which address is it tried, before the day?",
            "none yet",
            "both hubs can run side by side only under two names; register both with the login",
        ),
    )


def login(now: str) -> Row:
    """With which login."""
    return (
        "With which login?",
        now,
        "another login gives people other names, and a home directory is found by the name",
    )


def afterwards() -> tuple[Row, Row, Row]:
    """What is to be settled for the time after it."""
    return (
        (
            "When is the day?",
            "both can run side by side",
            (
                "announce it two weeks before; keep the old hub until somebody has worked on the new one for a"
                " week"
            ),
        ),
        (
            "Where are the backups, and who brings a file back from them?",
            "the old operator's",
            "a disk that is lost is everybody's work; decide how old a copy may be, and who pays for it",
        ),
        (
            "Who answers people afterwards?",
            "the old operator",
            "an address for help, and who reads it, also in the holidays",
        ),
    )


def decide() -> Stage:
    """All questions."""
    return Stage(
        "Decide", DECIDES,
        ("Answer the questions above. Ask the old operator for what is listed.",),
        (), "each question has an answer, a name and a date",
    )  # fmt: skip


TAKES_TOKEN = "read -rs JUPYTERHUB_API_TOKEN && export JUPYTERHUB_API_TOKEN"  # noqa: S105
"""A token that is typed so stands in no history and on no screen."""


def enter_people(who: str, bundle: str) -> Stage:
    """Into the database, when the hub runs."""
    restore = f"jupyter 2i2c people restore {bundle} --live https://ADDRESS/"
    return Stage(
        "Enter the people", who,
        (("Users and groups that only the old database knew. What is missing is listed before anything is written;"
         " nobody is removed, and nobody gets rights unless you say `--with-administrators`. Leave out the old"
         " operator's staff, each by `--leave-out NAME`."),
         ("The token is an administrator's, for an hour, from the new hub's page `Token`, with the scopes"
         " `admin:users` and `admin:groups`. The first line waits for it and shows nothing.")),
        (TAKES_TOKEN, f"{restore} --dry-run", restore),
        "the second line finds nothing to do any more, and the token is revoked",
    )  # fmt: skip


def compare_running(who: str, bundle: str, built: str) -> Stage:
    """When it runs, and before anybody's work is on it."""
    return Stage(
        "Compare what runs", who,
        (("The new hub is asked who and what is on it, which changes nothing (V6), and one server is started, tried and"
         " stopped (V7). Whose server: somebody's who has none running."),
         ("The first token is an administrator's, with `list:users`, `list:groups`, `read:groups`, `read:roles`,"
         " `list:services` and `read:hub`. The second is that somebody's own, with `servers!user` and"
         " `access:servers!user` alone: a server sees the token that opens it.")),
        (TAKES_TOKEN, TAKES_TOKEN.replace("JUPYTERHUB_API_TOKEN", "JUPYTER_2I2C_SERVER_TOKEN"),
         f"jupyter 2i2c verify {bundle} --built {built} --live https://ADDRESS/"),
        "verify names no blocker but what you changed on purpose, and ran V6 and V7",
    )  # fmt: skip


def back_up(who: str, what: str) -> Stage:
    """Before anybody's work is on it."""
    return Stage(
        "Back it up", who,
        (f"Before anybody's work is on it: {what}, every night, to where a fire at the one does not reach.",),
        (), "somebody who did not make the backup has brought one file and the database back from it",
    )  # fmt: skip


def tell() -> Stage:
    """In time."""
    return Stage(
        "Tell people", HELPS,
        ("Two weeks before, a day before, and on the day: by mail, and as news on the old hub.",),
        (), "somebody who knew nothing of it can say when, where to, and what to do",
        (
            "the day and the hour from which nobody may write on the old hub any more; servers are stopped then",
            "the new address, and how to log in there for the first time",
            "what comes along by itself: files in home directories and shared directories",
            "what does not: running servers, logins, tokens of their own, and settings of the old address",
            ("how to take a copy of their own, and the packages of their environment, while they can log in:"
            " `jupyter 2i2c capture home` and `jupyter 2i2c capture env`"),
            "whom to ask, and until when the old hub stays",
        ),
    )  # fmt: skip


def change_address(who: str, commands: tuple[str, ...] = ()) -> Stage:
    """On the day."""
    return Stage(
        "Let the address lead there", who,
        ("On the day, when the files were copied for the last time.",),
        commands, "the hub answers at its address, with a certificate that a browser takes, from two networks",
        (
            "a day before: shorten the time for which the name is remembered (TTL) to five minutes",
            "the login knows the callback of the new address, `https://ADDRESS/hub/oauth_callback`",
            "then let the name lead to where the new hub answers",
            "where the name stays the old operator's: ask them to redirect it, path and all",
        ),
    )  # fmt: skip


def stay() -> Stage:
    """The week after it."""
    return Stage(
        "Help people", HELPS,
        ("Be there on the first morning. Write down what is asked twice, and tell everybody.",),
        (), "people have worked on the new hub for a week",
    )  # fmt: skip


def close() -> Stage:
    """The old one."""
    return Stage(
        "Close the old hub", DECIDES,
        ("Withdraw the old credentials where you issued them, and have it in writing what was deleted.",),
        (), "no token of the old hub opens anything of yours, and nobody's only copy was on it",
    )  # fmt: skip


def keep(who: str, watch: str) -> Stage:
    """For as long as it runs."""
    return Stage(
        "Keep it so", who,
        (f"{watch} Let `jupyter 2i2c drill` prove every month that you could leave again.",),
        (), "somebody's calendar says so",
    )  # fmt: skip
