"""What is gathered for a request for help, and that no secret is in it."""

import json
import logging
import os
import sys

import pytest

from jupyter_2i2c.server.base import SETTING, HubPanelHandler
from jupyter_2i2c.server.diagnostics import LOG_FILE, MOST_TEXT, Diagnostics
from jupyter_2i2c.server.log_memory import LONGEST, MOST, LogMemory
from jupyter_2i2c.server.no_secrets import NoSecrets

SESSION = {
    "server": {"owner": "ada", "name": "", "started": "2026-11-21T08:00:00Z", "profile": "Large"},
    "image": {"name": "quay.io/example/notebook", "tag": "2026.11"},
    "memory": {"used": 3 * 2**30, "limit": 4 * 2**30},
    "cpu": {"used": 0.5, "limit": None},
    "home": {"used": None, "limit": 10 * 2**30, "age": None},
    "versions": [{"name": "Python", "version": "3.12.1"}],
    "hub_version": "6.1.1",
}


@pytest.fixture
def log():
    """A log of its own, with a memory."""
    logger = logging.Logger("ServerApp")
    memory = LogMemory()
    logger.addHandler(memory)
    logger.memory = memory
    return logger


@pytest.fixture
def gather(log, tmp_path, monkeypatch):
    """Gathers the parts, by their keys."""
    monkeypatch.setenv("HOME", str(tmp_path))

    async def session():
        return json.dumps(SESSION)

    async def gather(more=None):
        diagnostics = Diagnostics(
            session,
            lambda: {"Hub": "Coastal Ocean Hub", "At": "https://hub.example/"},
            log.memory,
            lambda: {"jupyter_lsp": True, "broken": False},
            lambda: NoSecrets(more=more),
            tmp_path,
        )
        return {part.key: part for part in await diagnostics.gather()}

    return gather


async def test_what_an_engineer_needs_is_in_it(gather, log, tmp_path):
    log.error("disk quota exceeded")
    (tmp_path / LOG_FILE).write_text("[I 2026-11-21] started\n")
    parts = await gather()
    assert list(parts) == [
        "session",
        "resources",
        "versions",
        "log",
        "log-file",
        "extensions",
        "environment",
        "packages",
    ]
    session = parts["session"].text.splitlines()
    assert "Hub: Coastal Ocean Hub" in session
    assert "User: ada" in session
    assert "Profile: Large" in session
    assert "Image: quay.io/example/notebook:2026.11" in session
    assert "JupyterHub: 6.1.1" in session
    assert parts["resources"].text.splitlines() == [
        "Memory: 3.00 GiB of 4.00 GiB",
        "CPU: 0.5 cores, no limit known",
        "Home directory: not known of 10.00 GiB",
    ]
    assert "Python: 3.12.1" in parts["versions"].text
    assert "disk quota exceeded" in parts["log"].text
    assert "cannot be read from here" in parts["log"].note
    assert parts["log-file"].text == "[I 2026-11-21] started\n"
    assert "  broken off" in parts["extensions"].text.splitlines()
    assert "  jupyter_lsp on" in parts["extensions"].text.splitlines()
    assert any(line.startswith("tornado ") for line in parts["packages"].text.splitlines())
    assert all(part.text == part.text.strip("\0") for part in parts.values())


@pytest.mark.parametrize(
    ("cpu", "told"),
    [
        ({"used": 0.0, "limit": None}, "CPU: less than 0.01 cores, no limit known"),
        ({"used": 0.004, "limit": 0.5}, "CPU: less than 0.01 of 0.5 cores"),
        ({"used": 12.346, "limit": 128.0}, "CPU: 12.35 of 128 cores"),
        ({"used": None, "limit": 2.0}, "CPU: not known of 2 cores"),
        ({"used": None, "limit": None}, None),
        (None, None),
    ],
)
async def test_cores_are_told_as_they_are_and_not_at_all_if_nobody_knows(
    gather, monkeypatch, cpu, told
):
    monkeypatch.setitem(SESSION, "cpu", cpu)
    lines = (await gather())["resources"].text.splitlines()
    assert [line for line in lines if line.startswith("CPU")] == ([told] if told else [])


async def test_a_log_file_that_is_not_there_is_no_part(gather):
    assert "log-file" not in await gather()


async def test_of_a_long_log_the_end_is_taken_in_whole_lines(gather, tmp_path):
    (tmp_path / LOG_FILE).write_text("".join(f"line {number}\n" for number in range(50_000)))
    text = (await gather())["log-file"].text
    assert len(text) <= MOST_TEXT + 10
    assert text.startswith("[…]\nline ")
    assert text.endswith("line 49999\n")


async def test_a_part_that_cannot_be_gathered_stops_no_other(gather, tmp_path):
    (tmp_path / LOG_FILE).mkdir()
    parts = await gather()
    assert (parts["log-file"].text, "could not be gathered" in parts["log-file"].note) == ("", True)
    assert parts["packages"].text


async def test_a16_a_link_or_a_pipe_in_place_of_the_log_is_not_read(gather, tmp_path):
    (tmp_path / "id_rsa").write_text("very private")
    (tmp_path / LOG_FILE).symlink_to(tmp_path / "id_rsa")
    part = (await gather())["log-file"]
    assert (part.text, "could not be gathered" in part.note) == ("", True)
    (tmp_path / LOG_FILE).unlink()
    os.mkfifo(tmp_path / LOG_FILE)
    part = (await gather())["log-file"]
    assert (part.text, "no plain file" in part.note) == ("", True)


async def test_characters_that_turn_a_text_or_a_terminal_are_taken_out(gather, log):
    log.error("a\x1b[31mred\u202eback\x00\x08")
    assert "a[31mredback" in (await gather())["log"].text


# --- no secret ------------------------------------------------------------------------------

PLANTED = {
    "JUPYTERHUB_API_TOKEN": "0123456789abcdef0123456789abcdef",
    "AWS_SECRET_ACCESS_KEY": "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLE",
    "MY_CONNECTION": "postgresql://ada:hunter2hunter2@db.example/sea",
    "PLAIN_NAME": "q9w8e7r6t5y4u3i2o1p0",
}

GITHUB = "ghp_" + "a1B2" * 9
SIGNED = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhZGEifQ.c2lnbmF0dXJl"
PRIVATE = "-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBgkqhkiG9w0BAQEFAASC\n-----END PRIVATE KEY-----"


@pytest.fixture
def planted(monkeypatch, tmp_path):
    """Secrets in the environment and in the files of the home."""
    for name, value in PLANTED.items():
        monkeypatch.setenv(name, value)
    (tmp_path / ".netrc").write_text("machine git.example login ada password netrcpassword1\n")


async def test_the_environment_is_shown_by_a_list(gather, planted, monkeypatch):
    monkeypatch.setenv("TZ", "Europe/Berlin")
    monkeypatch.setenv("COLOUR", "blue")
    text = (await gather())["environment"].text
    assert "TZ=Europe/Berlin" in text.splitlines()
    assert "blue" not in text
    assert not any(name in text for name in PLANTED)


@pytest.mark.parametrize(
    ("line", "secret"),
    [
        (f"asked with {PLANTED['JUPYTERHUB_API_TOKEN']}", PLANTED["JUPYTERHUB_API_TOKEN"]),
        (f"got {PLANTED['PLAIN_NAME']} back", PLANTED["PLAIN_NAME"]),
        ("key wJalrXUtnFEMI%2FK7MDENG%2FbPxRfiCYEXAMPLE", "wJalrXUtnFEMI"),
        ("MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=", "MDEyMzQ1Njc4OWFiY2Rl"),
        ("no access with hunter2hunter2", "hunter2hunter2"),
        ("401 for netrcpassword1", "netrcpassword1"),
        ("the server's own: serverserverserver", "serverserverserver"),
        (f"pushing with {GITHUB}", GITHUB),
        (f"Bearer {SIGNED}", SIGNED),
        (PRIVATE, "MIIEvQIBADANBgkqhkiG9w0BAQEFAASC"),
        ("GET /lab?token=abc&reset=1", "abc"),
        ("GET /x?a=1&_xsrf=2|deadbeef|77", "deadbeef"),
        ('"Authorization": "token short"', "short"),
        ("Cookie: jupyterhub-session-id=s3ss; _xsrf=2", "s3ss"),
        ("git clone https://ada:pw@git.example/x.git", "pw@"),
        ("git clone https://tok@git.example/x.git", "tok@"),
        ("API_KEY = k1", "k1"),
        ("password: pa55", "pa55"),
        ('{"client_secret":"c5"}', "c5"),
    ],
)
async def test_a20_no_secret_stays_in_the_log(gather, log, planted, line, secret):
    log.error("%s", line)
    part = (await gather({"JUPYTER_TOKEN": "serverserverserver"}))["log"]
    assert secret not in part.text
    assert "<secret" in part.text
    assert part.note.startswith(("1 secret was removed.", "2 secrets were removed."))


@pytest.mark.parametrize(
    "line",
    [
        "404 GET /user/ada/api/contents/data.nc?content=1 (ada@10.0.0.1) 2.1ms",
        "tokenizers 0.15.2",
        "Kernel died: signal 9, exit status -9",
        "https://hub.example/user/ada/lab at 10:15:00",
        "open file limit: 1024",
        "mail ada@lab.university.example about it",
    ],
)
async def test_what_is_no_secret_stays(gather, log, planted, line):
    log.error("%s", line)
    assert line in (await gather())["log"].text


async def test_a_part_with_a_secret_that_stays_is_left_out(gather, log, planted, monkeypatch):
    monkeypatch.setattr(NoSecrets, "removed_from", lambda self, text: (text, 0))
    log.error("with %s", PLANTED["JUPYTERHUB_API_TOKEN"])
    part = (await gather())["log"]
    assert (part.text, "could not be removed" in part.note) == ("", True)


def test_removing_twice_is_removing_once(planted):
    secrets = NoSecrets()
    text = "\n".join(
        [
            f"token={PLANTED['JUPYTERHUB_API_TOKEN']}&x=1",
            f"Authorization: token {PLANTED['JUPYTERHUB_API_TOKEN']}",
            f"https://ada:{GITHUB}@git.example/",
            "a?token=abc",
            "password: pa55",
        ]
    )
    once, count = secrets.removed_from(text)
    assert count == 5
    assert secrets.removed_from(once) == (once, 0)


def test_a_long_line_is_read_quickly(planted):
    text = "a=" * 20_000 + "&token" * 5_000 + "://" * 5_000
    assert NoSecrets().removed_from(text)[0]


# --- the log's memory -----------------------------------------------------------------------


def test_warnings_and_worse_are_kept_and_the_oldest_are_forgotten(log):
    log.setLevel(logging.DEBUG)
    log.info("quiet")
    for number in range(MOST + 5):
        log.warning("number %d", number)
    assert len(log.memory.records) == MOST
    assert log.memory.records[0].endswith("WARNING ServerApp: number 5")


def test_a_traceback_is_kept_and_a_long_one_loses_its_middle(log):
    try:
        raise ValueError("x" * 2 * LONGEST + "the end")
    except ValueError:
        log.exception("it broke")
    [record] = log.memory.records
    assert "it broke\nTraceback" in record
    assert record.endswith("the end")
    assert len(record) < LONGEST + 20


def test_a_record_that_does_not_fit_its_message_breaks_nothing(log, monkeypatch):
    monkeypatch.setattr(logging, "raiseExceptions", False)
    log.error("%d", "no number")
    log.error("after it")
    assert [record[-8:] for record in log.memory.records] == ["after it"]


def test_nothing_of_a_record_is_held_but_its_words(log):
    class Large:
        def __str__(self):
            return "large"

    large = Large()
    before = sys.getrefcount(large)
    log.error("%s", large)
    assert sys.getrefcount(large) == before


# --- the route ------------------------------------------------------------------------------


@pytest.fixture
def heard(jp_serverapp):
    """The server's log as a server has it; pytest-jupyter takes the handlers away."""
    memory = jp_serverapp.web_app.settings[SETTING]._log_memory
    jp_serverapp.log.addHandler(memory)
    return memory


async def test_the_owner_gets_the_log_of_this_server(jp_fetch, jp_serverapp, heard, no_hub):
    jp_serverapp.log.error("the disk is full, token=abcdefgh")
    got = json.loads((await jp_fetch("jupyter-2i2c", "diagnostics")).body)
    parts = {part["key"]: part for part in got["parts"]}
    assert "the disk is full, token=<secret>" in parts["log"]["text"]
    assert "  jupyter_2i2c on" in parts["extensions"]["text"].splitlines()
    assert set(parts["log"]) == {"key", "title", "text", "note"}


async def test_requests_that_failed_are_in_it(jp_fetch, heard, no_hub):
    from tornado.httpclient import HTTPClientError

    with pytest.raises(HTTPClientError):
        await jp_fetch("api", "contents", "no-such-file")
    got = json.loads((await jp_fetch("jupyter-2i2c", "diagnostics")).body)
    assert "404 GET" in next(part["text"] for part in got["parts"] if part["key"] == "log")


async def test_a_visitor_gets_nothing(jp_fetch, stand_in, monkeypatch):
    from tornado.httpclient import HTTPClientError

    monkeypatch.setattr(HubPanelHandler, "visitor", {"name": "boss", "admin": True})
    for path in ("diagnostics", "support", "requests"):
        with pytest.raises(HTTPClientError) as error:
            await jp_fetch("jupyter-2i2c", path)
        assert error.value.code == 403
    assert stand_in.requests == []
