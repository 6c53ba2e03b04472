"""Taking away from Lab: what a person asks for happens in a process of its own, and is still known later."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
from datetime import datetime, timezone
from pathlib import Path

import pytest
from tornado.httpclient import HTTPClientError

from jupyter_2i2c.replicate.home.verify import verify_home
from jupyter_2i2c.server import replicas_jobs
from jupyter_2i2c.server.base import HubPanelHandler
from jupyter_2i2c.server.replicas import KeepAlive
from jupyter_2i2c.server.replicas_jobs import EXPORTS, Exports, WrongRequest
from jupyter_2i2c.server.replicas_run import JOB, STATE


@pytest.fixture
def home(jp_home_dir, no_hub, monkeypatch):
    """The home of the server, with something in it."""
    top = Path(jp_home_dir)
    monkeypatch.setenv("HOME", str(top))
    (top / "project").mkdir()
    (top / "project/a.txt").write_text("mine\n")
    (top / "shared").mkdir()
    (top / "shared/b.txt").write_text("everybody's\n")
    return top


@pytest.fixture
def ask(jp_fetch, jp_web_app):
    async def ask(path="", method="GET", **more):
        given = {key: str(value) for key, value in more.pop("params", {}).items()}
        body = json.dumps(more["body"]) if "body" in more else None
        answer = await jp_fetch(
            "jupyter-2i2c", *["exports", path][: 1 + bool(path)],
            method=method, params=given, body=body, allow_nonstandard_methods=True,
        )  # fmt: skip
        return answer

    yield ask
    for process in jp_web_app.settings["jupyter_2i2c"].exports._started.values():
        process.wait(60)  # it has said that it is ready, and ends


async def until(ask, identity, *states):
    """The job once it is in one of the states; a test's own time limit ends the waiting."""
    while True:
        jobs = json.loads((await ask()).body)["exports"]
        (job,) = [each for each in jobs if each["id"] == identity]
        if job["state"] in states:
            return job
        assert job["state"] in ("starting", "running"), job
        await asyncio.get_running_loop().run_in_executor(None, os.sched_yield)


async def test_a_home_is_downloaded_and_whole(ask, home, tmp_path, data):
    told = json.loads((await ask("estimate", params={"kind": "home"})).body)
    assert told["files"] == 1
    assert told["left_out_counts"] == {"shared": 1}
    begun = await ask(method="POST", body={"kind": "home", "options": {"names": ["project"]}})
    assert begun.code == 201
    job = await until(ask, json.loads(begun.body)["id"], "ready")
    assert (job["files"], job["volumes"], job["downloaded"]) == (1, 1, [])
    example = json.loads((data / "exports.json").read_text("utf-8"))["exports"][0]
    assert set(example) == set(job)
    answer = await ask("download", params={"id": job["id"], "volume": 1})
    assert "attachment" in answer.headers["Content-Disposition"]
    (tmp_path / "got.tar.zst").write_bytes(answer.body)
    checked = verify_home(tmp_path / "got.tar.zst")
    assert checked.whole, checked.wrong
    job = await until(ask, job["id"], "done")
    assert (job["checksums"], job["problems"]) == (1, [])
    # the home does not fill: what is kept is a plan
    kept = sum(each.stat().st_size for each in (home / EXPORTS).rglob("*") if each.is_file())
    assert kept < 20_000
    await ask(method="DELETE", params={"id": job["id"]})
    assert json.loads((await ask()).body) == {"exports": []}


async def test_volumes_are_each_downloaded_again(ask, home, monkeypatch, tmp_path):
    for number in range(3):
        (home / f"large{number}").write_bytes(os.urandom(700_000))
    run = "import jupyter_2i2c.server.replicas_run as r, sys; from pathlib import Path;"
    run += "r.VOLUME_SIZE = 1 << 20; sys.exit(r.main(Path(sys.argv[1])))"
    popen = subprocess.Popen

    def start(command, **options):
        if "jupyter_2i2c.server.replicas_run" in command:
            command = [command[0], "-c", run, command[-1]]
        return popen(command, **options)

    monkeypatch.setattr(replicas_jobs.subprocess, "Popen", start)
    begun = await ask(method="POST", body={"kind": "home"})
    job = await until(ask, json.loads(begun.body)["id"], "ready")
    assert job["volumes"] >= 4
    with pytest.raises(HTTPClientError) as error:
        await ask("download", params={"id": job["id"], "volume": job["volumes"]})
    for nonsense in ("0", "²", "9" * 5000):
        with pytest.raises(HTTPClientError) as raised:
            await ask("download", params={"id": job["id"], "volume": nonsense})
        assert raised.value.code == 404
    assert "before the checksums" in error.value.response.body.decode()
    (tmp_path / "bag").mkdir()
    for number in range(1, job["volumes"] + 1):
        for _ in range(2):
            answer = await ask("download", params={"id": job["id"], "volume": number})
        (tmp_path / "got.tar.zst").write_bytes(answer.body)
        subprocess.run(
            ["tar", "--zstd", "-C", tmp_path / "bag", "-xf", tmp_path / "got.tar.zst"], check=True
        )
    (bag,) = (tmp_path / "bag").iterdir()
    assert verify_home(bag).whole
    assert (await until(ask, job["id"], "done"))["downloaded"] == list(range(1, number + 1))


async def test_a_volume_that_cannot_be_made_is_cut_off(ask, home):
    begun = await ask(method="POST", body={"kind": "home"})
    job = await until(ask, json.loads(begun.body)["id"], "ready")
    (home / EXPORTS / job["id"] / "plan.jsonl.zst").write_bytes(b"harmed")
    with pytest.raises(Exception, match=r"closed|599|refused|[Ss]tream"):
        await ask("download", params={"id": job["id"], "volume": 1})


@pytest.mark.parametrize(
    ("body", "word"),
    [
        ({"kind": "hub"}, "environment or a home"),
        ({"kind": "home", "options": {"names": ["../x"]}}, "in the home"),
        ({"kind": "home", "options": {"names": ["missing"]}}, "no missing"),
        ({"kind": "home", "options": {"format": "rar"}}, "format"),
        ({"kind": "home", "options": {"exclude": "*"}}, "list"),
        ({"again": "../../etc"}, "no such export"),
    ],
)
async def test_a_wrong_request_says_what_is_wrong(ask, home, body, word):
    with pytest.raises(HTTPClientError) as error:
        await ask(method="POST", body=body)
    assert error.value.code == 400
    assert word in json.loads(error.value.response.body)["message"]


async def test_only_the_owner_takes_anything(jp_fetch, stand_in, monkeypatch):
    monkeypatch.setattr(HubPanelHandler, "visitor", {"name": "mal"})
    for path in ("", "/estimate", "/download?id=x", "/report?id=x"):
        route, _, query = path.partition("?")
        with pytest.raises(HTTPClientError) as error:
            await jp_fetch(
                "jupyter-2i2c", f"exports{route}", params=dict([query.split("=")]) if query else {}
            )
        assert error.value.code == 403
        assert "only its owner" in error.value.response.body.decode()


class Held:
    """A job whose process waits, as a long one would."""

    def __init__(self, exports: Exports, monkeypatch) -> None:
        code = (
            "import signal, sys, jupyter_2i2c.server.replicas_run as r; from pathlib import Path\n"
            "def wait(*_):\n"
            "    print('begun', flush=True)\n"
            "    signal.pause()\n"
            "r._home = wait\n"
            "sys.exit(r.main(Path(sys.argv[1])))"
        )
        popen = subprocess.Popen

        def start(command, **options):
            self.process = popen([command[0], "-c", code, command[-1]], stdout=subprocess.PIPE)
            self.process.stdout.readline()
            self.process.stdout.close()
            return self.process

        monkeypatch.setattr(replicas_jobs.subprocess, "Popen", start)
        self.job = exports.start("home", {})


def exports_of(home):
    return Exports(home, ["shared"], dict)


def test_it_is_still_known_after_a_restart_and_can_be_cancelled(tmp_path, monkeypatch):
    first = exports_of(tmp_path)
    held = Held(first, monkeypatch)
    later = exports_of(tmp_path)  # as after a restart of the server
    assert later.get(held.job["id"])["state"] == "running"
    assert later.busy()
    with pytest.raises(WrongRequest, match="already"):
        later.start("home", {})
    later.end(held.job["id"])
    assert held.process.wait(30) == 1
    assert later.get(held.job["id"])["state"] == "cancelled"
    assert not later.busy()


def test_what_was_killed_is_interrupted_and_can_be_begun_again(tmp_path, monkeypatch):
    held = Held(exports_of(tmp_path), monkeypatch)
    held.process.kill()
    held.process.wait()
    later = exports_of(tmp_path)
    job = later.get(held.job["id"])
    assert job["state"] == "interrupted"
    assert not later.busy()
    monkeypatch.undo()
    later.again(job["id"])
    assert later._started[job["id"]].wait(60) == 0
    assert later.get(job["id"])["state"] == "ready"


def test_the_server_is_kept_alive_only_while_something_is_taken(
    tmp_path, monkeypatch, jp_asyncio_loop
):
    exports = exports_of(tmp_path)
    settings = {}

    async def look():
        alive.look()

    alive = KeepAlive(exports, settings)
    jp_asyncio_loop.run_until_complete(look())
    assert settings == {}
    held = Held(exports, monkeypatch)
    jp_asyncio_loop.run_until_complete(look())
    assert (
        datetime.now(timezone.utc) - settings.pop("jupyter_2i2c_last_activity")
    ).total_seconds() < 60
    # one that shows no progress any more keeps nothing alive
    state = tmp_path / EXPORTS / held.job["id"] / STATE
    known = json.loads(state.read_text())
    state.write_text(json.dumps({**known, "updated": known["updated"] - 3600}))
    jp_asyncio_loop.run_until_complete(look())
    assert settings == {}
    held.process.terminate()
    held.process.wait()
    assert not alive._callback.is_running()


def test_a_file_that_is_no_job_is_not_one(tmp_path):
    exports = exports_of(tmp_path)
    directory = tmp_path / EXPORTS / "20260131T120000Z-abcdef"
    directory.mkdir(parents=True)
    assert exports.all() == []
    (directory / JOB).write_text("harmed")
    assert exports.all() == []
