"""Exports of the hub: made in a process of their own, with the approver's rights, cut off at any moment, kept for a while."""

import asyncio
import json
import stat
import sys
import time
from datetime import timedelta
from pathlib import Path

import pytest

from jupyter_2i2c.hub import exports as running
from jupyter_2i2c.hub.exports import BUNDLE, Exports, NoFile, Settings
from jupyter_2i2c.hub.hub_api import HubApi
from jupyter_2i2c.hub.store import audit, exports, intents
from jupyter_2i2c.hub.store.database import Store
from jupyter_2i2c.hub.store.errors import StoreUnavailable
from jupyter_2i2c.replicate.bundle import opened
from jupyter_2i2c.replicate.checksums import of_file

from .exported import approved, done, write_record
from .stub_hub import StubHub

# stands for the process that makes an export: says who it is, and does what a test wants of it
STAND_IN = """
import json, os, signal, sys
job = json.loads(sys.stdin.buffer.readline())
with open({notes!r}, "w") as file:
    json.dump({{"pid": os.getpid(), "environment": dict(os.environ), "job": job}}, file)
print(json.dumps({{"step": "working", "done": 1, "total": 2}}), flush=True)
{then}
"""

FOREVER = "signal.signal(signal.SIGTERM, signal.SIG_IGN)\nwhile True: signal.pause()"


@pytest.fixture
def stub(jp_asyncio_loop):
    stub = jp_asyncio_loop.run_until_complete(StubHub().start())
    stub.tokens["boss-token"][1].extend(["list:groups", "list:services", "read:hub"])
    stub.add("grace")
    stub.groups["ocean"] = ["grace"]
    yield stub
    jp_asyncio_loop.run_until_complete(stub.stop())


@pytest.fixture
def store(tmp_path):
    store = Store(f"sqlite:///{tmp_path}/store.sqlite", bytes(range(32)), on_head=lambda head: None)
    store.open()
    yield store
    store.close()


@pytest.fixture
def settings(tmp_path):
    """Of a hub whose record is there."""
    return Settings(
        record=str(write_record(tmp_path / "hub")),
        directory=str(tmp_path / "exports"),
        kept=2,
        days=30,
        name="Our Hub, é",
    )


@pytest.fixture
def make(store, stub, settings, jp_asyncio_loop, monkeypatch):
    """Makes what a service has that starts."""
    for name in ("FIRST_DELAY", "LONGEST_DELAY", "NOTE_EVERY"):
        monkeypatch.setattr(Exports, name, 0.0)
    monkeypatch.setattr(Exports, "GRACE", 0.2)
    for name in ("CONNECT_TIMEOUT", "READ_TIMEOUT"):
        monkeypatch.setattr(HubApi, name, 2.0)
    made = []

    async def make(**changes):
        runner = Exports(store, Settings(**{**vars(settings), **changes}))
        runner.api = HubApi(stub.url)
        made.append(runner)
        await runner.start()
        return runner

    yield make

    async def end():
        for each in made:
            await each.close()
            each.api.close()

    jp_asyncio_loop.run_until_complete(end())


@pytest.fixture
def stand_in(tmp_path, monkeypatch):
    """Has something else run in place of the process that makes exports; what it wrote down of itself."""
    notes = tmp_path / "notes.json"

    def stand_in(then):
        script = tmp_path / "stand_in.py"
        script.write_text(STAND_IN.format(notes=str(notes), then=then))
        monkeypatch.setattr(running, "COMMAND", (sys.executable, str(script)))
        return lambda: json.loads(notes.read_text())

    return stand_in


async def begin(runner, store, token="boss-token", **options):
    target = {"people": False, "announcements": False, **options}
    intent = approved(store, **target)
    return await runner.begin(intent.id, "boss", runner.api.as_person(token), consent="", **target)


async def ended(runner, store, export):
    """The export, when it has ended."""
    if task := runner._tasks.get(export.id):
        await asyncio.wait({task})
    return store.read_now(exports.get, export.id)


async def until(what):
    """Wait until something is so."""
    deadline = time.monotonic() + 20
    while not await asyncio.to_thread(what):
        assert time.monotonic() < deadline


def files(runner):
    directory = Path(runner.settings.directory)
    return sorted(each.name for each in directory.iterdir()) if directory.exists() else []


def gone(pid):
    """Whether there is no such process, or only its shell."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except OSError:
        return True


async def test_a_hub_is_exported_and_proven(make, store, stub):
    runner = await make()
    export = await ended(runner, store, await begin(runner, store))
    assert export.state == "done", export.message
    assert (export.highest, export.blockers, export.kept) == ("V4", 0, True)
    assert export.message.startswith("The bundle is there, and what was built of it")
    bundle = runner.file(export, BUNDLE)
    assert bundle.name.startswith("replica-our-hub-")
    assert (bundle.stat().st_size, of_file(bundle)) == (export.size, export.sha256)
    assert sorted(each.name for each in bundle.parent.iterdir()) == sorted(
        [bundle.name, "guide.md", "own.json", "page.json", "report.html", "report.json"]
    )
    for each in [bundle.parent.parent, *bundle.parent.parent.rglob("*")]:
        assert stat.S_IMODE(each.stat().st_mode) == (0o700 if each.is_dir() else 0o600), each
        if each.is_file() and each != bundle:
            assert str(runner.settings.directory) not in each.read_text("utf-8")
    # without consent, nobody's name was even asked for
    assert [path for _, path in stub.asked] == ["/user", "/users", "/groups", "/services", "/info"]
    with opened(bundle) as found:
        assert "hub/users.json" not in found.names()
        assert "hub/services.json" in found.names()
        assert "2 users: names of people" in found.text("manifest.json")
    assert "grace" not in (bundle.parent / "report.json").read_text()
    page = await runner.told(export, "page.json")
    assert [each["status"] for each in page["rungs"]] == ["pass"] * 5 + ["not-run"] * 4
    assert (bundle.parent / "guide.md").read_text().startswith("# Leaving with Our Hub")
    assert store.read_now(intents.get, export.id).state == "done"


async def test_names_and_announcements_only_if_asked_for(make, store, stub, stand_in):
    notes = stand_in("print(json.dumps({'failed': 'enough'}), flush=True)")
    runner = await make()
    await ended(runner, store, await begin(runner, store, people=True, announcements=True))
    told = notes()["job"]
    assert [each["name"] for each in told["api"]["users"]] == ["boss", "grace"]
    assert told["api"]["groups"][0]["users"] == ["grace"]
    assert told["announcements"] == []
    await ended(runner, store, await begin(runner, store))
    told = notes()["job"]
    assert (told["api"]["users"], told["api"]["groups"]) == (2, 1)
    assert told["announcements"] is None


async def test_its_process_has_no_secret_of_the_service(make, store, stand_in, monkeypatch):
    for name in ("JUPYTERHUB_API_TOKEN", "JUPYTER_2I2C_CONSOLE_TOKEN", "PGPASSWORD"):
        monkeypatch.setenv(name, "canary")
    notes = stand_in("print(json.dumps({'failed': 'enough'}), flush=True)")
    runner = await make()
    await ended(runner, store, await begin(runner, store, people=True))
    told = json.dumps(notes())
    assert "canary" not in told
    assert "boss-token" not in told
    assert set(notes()["environment"]) <= {*running.PASSED_ON, "TMPDIR", "LC_CTYPE"}


async def test_what_the_approver_may_not_see_whole_is_left_out(make, store, stub, stand_in):
    notes = stand_in("print(json.dumps({'failed': 'enough'}), flush=True)")
    stub.tokens["part"] = ("boss", ["list:users!group=ocean", "list:services", "read:hub"])
    stub.tokens["none"] = ("boss", ["custom:2i2c:replicate"])
    runner = await make()
    await ended(runner, store, await begin(runner, store, token="part", people=True))
    assert notes()["job"]["api"]["refused"] == ["users", "groups"]
    await ended(runner, store, await begin(runner, store, token="none", people=True))
    assert notes()["job"]["api"] == {"refused": ["users", "groups", "services", "info"]}
    assert ("GET", "/users") not in stub.asked


async def test_cancelled_while_its_process_runs(make, store, stand_in):
    notes = stand_in(FOREVER)
    runner = await make()
    export = await begin(runner, store)
    await until(lambda: store.read_now(exports.get, export.id).step == "working")
    found = store.read_now(exports.get, export.id)
    assert (found.done, found.total) == (1, 2)
    await runner.cancel(export.id, "grace")
    found = store.read_now(exports.get, export.id)
    assert (found.state, found.message) == (
        "cancelled", "Cancelled by “grace”. Nothing was kept.",
    )  # fmt: skip
    assert store.read_now(intents.get, export.id).state == "cancelled"
    assert gone(notes()["pid"])
    assert files(runner) == []
    (entry, *_) = store.read_now(audit.entries, actor="grace")
    assert entry.result == "cancelled"
    with pytest.raises(exports.NotGoing):
        await runner.cancel(export.id, "grace")


async def test_cancelled_while_the_hub_is_asked(make, store, stub):
    asked, never = asyncio.Event(), asyncio.Event()

    async def fault(handler):
        asked.set()
        await never.wait()
        return False

    stub.fault = fault
    runner = await make()
    export = await begin(runner, store)
    await asked.wait()
    await runner.cancel(export.id, "boss")
    never.set()
    assert store.read_now(exports.get, export.id).state == "cancelled"
    assert files(runner) == []


async def test_the_service_stops_meanwhile(make, store, stand_in):
    notes = stand_in(FOREVER)
    runner = await make()
    export = await begin(runner, store)
    await until(lambda: store.read_now(exports.get, export.id).step == "working")
    await runner.close()
    found = store.read_now(exports.get, export.id)
    assert (found.state, found.message) == ("failed", running.INTERRUPTED)
    assert gone(notes()["pid"])
    assert files(runner) == []


async def test_what_nobody_works_on_can_be_cancelled(make, store):
    runner = await make()
    export = store.write_now(
        exports.create, approved(store).id, "boss", people=False, announcements=False
    )
    await runner.cancel(export.id, "grace")
    assert store.read_now(exports.get, export.id).state == "cancelled"


async def test_what_a_service_left_that_was_killed(make, store, tmp_path):
    export = store.write_now(
        exports.create, approved(store).id, "boss", people=True, announcements=False
    )
    left = tmp_path / "exports" / f"export-{export.id}" / "work"
    left.mkdir(parents=True)
    (left / "half").write_text("names of people")
    others = tmp_path / "exports" / "somebody-elses"
    others.mkdir()
    runner = await make()
    found = store.read_now(exports.get, export.id)
    assert (found.state, found.message) == ("failed", running.INTERRUPTED)
    assert store.read_now(intents.get, export.id).state == "failed"
    await until(lambda: files(runner) == ["somebody-elses"])


async def test_its_process_ends_when_the_service_is_killed(tmp_path):
    job = json.dumps({"do": "export"}).encode() + b"\n"
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c",
        "import jupyter_2i2c.hub.export_work as work, signal, sys\n"
        "work.DO = {'export': lambda *_: signal.pause()}\n"
        "sys.exit(work.main())",
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    process.stdin.write(job)
    process.stdin.close()
    assert await asyncio.wait_for(process.communicate(), 20) == (b"", None)
    assert process.returncode == 1


@pytest.mark.parametrize("status", [None, 503, 429])
async def test_the_hub_goes_down_in_the_middle(make, store, stub, status):
    async def fault(handler):
        if handler.request.path.endswith("/groups"):
            if status is None:
                handler.request.connection.stream.close()
            else:
                handler.refuse(status, **({"Retry_After": "0"} if status == 429 else {}))
            return True
        return False

    stub.fault = fault
    runner = await make()
    export = await ended(runner, store, await begin(runner, store))
    assert export.state == "failed"
    assert "Ask again when the hub answers" in export.message
    assert len([path for _, path in stub.asked if path == "/groups"]) == Exports.ATTEMPTS
    assert files(runner) == []


async def test_a_hub_that_comes_back_is_waited_for(make, store, stub, stand_in):
    stand_in("print(json.dumps({'failed': 'enough'}), flush=True)")
    left = [2]

    async def fault(handler):
        if handler.request.path.endswith("/groups") and left[0]:
            left[0] -= 1
            handler.refuse(503)
            return True
        return False

    stub.fault = fault
    runner = await make()
    export = await ended(runner, store, await begin(runner, store))
    assert export.message == "Nothing was kept: enough."


async def test_a_login_that_ended(make, store):
    runner = await make()
    export = await ended(runner, store, await begin(runner, store, token="revoked"))
    assert export.state == "failed"
    assert "the login with which it was approved has ended" in export.message


async def test_two_at_once(make, store, stand_in):
    stand_in(FOREVER)
    runner = await make()
    first = await begin(runner, store)
    with pytest.raises(exports.Busy):
        await begin(runner, store)
    await runner.cancel(first.id, "boss")
    second = await begin(runner, store)
    await runner.cancel(second.id, "boss")


async def test_the_directory_cannot_be_written(make, store, tmp_path):
    (tmp_path / "file").write_text("")
    runner = await make(directory=str(tmp_path / "file"))
    export = await ended(runner, store, await begin(runner, store))
    assert export.state == "failed"
    assert "HubService.exports_directory" in export.message


async def test_the_disk_is_full(make, store, stand_in):
    stand_in(
        "sys.path.pop(0)\n"
        "import io, jupyter_2i2c.hub.export_work as work\n"
        "def full(*_): raise OSError(28, 'No space left on device', 'replica.tar.zst')\n"
        "work.DO = {'export': full}\n"
        "sys.stdin = io.TextIOWrapper(io.BytesIO(json.dumps(job).encode() + b'\\n'))\n"
        "work.main()"
    )
    runner = await make()
    export = await ended(runner, store, await begin(runner, store))
    assert export.state == "failed"
    assert "replica.tar.zst: No space left on device" in export.message
    assert files(runner) == []


@pytest.mark.parametrize(
    ("then", "message"),
    [
        ("sys.exit(3)", "its process ended before it was done"),
        ("print('no JSON', flush=True)", "something went wrong in the service"),
        ("os.kill(os.getpid(), signal.SIGKILL)", "its process ended before it was done"),
    ],
)
async def test_its_process_breaks(make, store, stand_in, then, message):
    stand_in(then)
    runner = await make()
    export = await ended(runner, store, await begin(runner, store))
    assert export.state == "failed"
    assert message in export.message
    assert files(runner) == []


async def test_it_takes_too_long(make, store, stand_in, monkeypatch):
    monkeypatch.setattr(Exports, "TIME_LIMIT", 0.5)
    stand_in(FOREVER)
    runner = await make()
    export = await ended(runner, store, await begin(runner, store))
    assert export.state == "failed"
    assert "took too long" in export.message
    assert files(runner) == []


async def test_a_configuration_that_cannot_be_carried_is_refused_with_its_place(
    make, store, tmp_path
):
    path = write_record(tmp_path / "other")
    document = json.loads(path.read_text())
    document["refused"] = ["line 3 of jupyterhub_config.py computes a secret"]
    path.write_text(json.dumps(document))
    runner = await make(record=str(path))
    export = await ended(runner, store, await begin(runner, store))
    assert export.state == "failed"
    assert "line 3 of jupyterhub_config.py computes a secret" in export.message
    assert files(runner) == []


async def test_the_store_is_away_when_it_ends(make, store, stand_in, monkeypatch):
    stand_in("print(json.dumps({'failed': 'enough'}), flush=True)")
    runner = await make()
    write, left = store.write, [3]

    async def flaky(function, *arguments, **more):
        if function is exports.finish and left[0]:
            left[0] -= 1
            raise StoreUnavailable("the disk is full")
        return await write(function, *arguments, **more)

    monkeypatch.setattr(store, "write", flaky)
    export = await ended(runner, store, await begin(runner, store))
    assert (export.state, left) == ("failed", [0])


# --- what is kept -------------------------------------------------------------------------------


async def test_what_is_too_old_or_too_many_is_removed(make, store):
    runner = await make()
    ages = [timedelta(days=31), timedelta(days=3), timedelta(days=2), timedelta(days=1)]
    old, third, second, first = (done(store, runner.settings, age) for age in ages)
    await runner.sweep()
    assert files(runner) == sorted(f"export-{each.id}" for each in (first, second))
    kept = store.read_now(exports.kept)
    assert [each.id for each in kept] == [first.id, second.id]
    for each in (old, third):
        found = store.read_now(exports.get, each.id)
        assert found.removed
        with pytest.raises(NoFile):
            runner.file(found, BUNDLE)
    entries = [each.result for each in store.read_now(audit.entries, actor=audit.SERVICE)]
    assert entries.count("removed") == 2


async def test_what_is_not_as_it_was_written_is_no_page(make, store):
    runner = await make()
    export = done(store, runner.settings)
    for name in ("page.json", "own.json"):
        with pytest.raises(NoFile):
            await runner.told(export, name)
    for part in ("page.json", "../store.sqlite", "", "log"):
        with pytest.raises(NoFile):
            runner.file(export, part)


async def test_it_is_offered_only_where_there_is_a_record(tmp_path, settings):
    assert settings.offered
    assert not Settings().offered
    assert not Settings(record=settings.record).offered
    assert not Settings(record=str(tmp_path / "none"), directory="x").offered
