"""Jobs: resumed after anything, and their tokens readable by nobody else."""

from datetime import datetime, timezone

import pytest

from jupyter_2i2c.hub.store import audit, jobs

TOKEN = "canary-of-a-token-8f2e"
END = datetime(2026, 11, 21, 13, tzinfo=timezone.utc)


@pytest.fixture
def job(store):
    """A job with 1,200 items."""
    items = [(f"user-{number}", "") for number in range(1200)]
    return store.write_now(
        jobs.create,
        kind="stop-all",
        actor="ada",
        items=iter([*items, items[0]]),
        token=TOKEN,
        token_expires=END,
        reason="maintenance",
    )


def results(store):
    return [each.result for each in reversed(store.read_now(audit.entries, action="stop-all"))]


def test_its_items_go_their_way(store, job):
    assert job.total == 1200
    assert job.counts == {"waiting": 1200}
    assert job.token_expires == END
    first = store.read_now(jobs.next_items, job.id, 10)
    assert [each.user for each in first] == [f"user-{number}" for number in range(10)]
    ids = [each.id for each in first]
    assert store.write_now(jobs.mark_asked, ids) == 10
    assert store.write_now(jobs.mark_asked, ids) == 0  # they are somebody's already
    store.write_now(jobs.mark, ids[:7], "done")
    store.write_now(jobs.mark, ids[7:9], "failed", "500")
    assert store.read_now(jobs.counts, job.id) == {
        "waiting": 1190,
        "asked": 1,
        "done": 7,
        "failed": 2,
    }
    assert [each.user for each in store.read_now(jobs.items, job.id, "asked")] == ["user-9"]
    assert [each.error for each in store.read_now(jobs.failures, job.id)] == ["500", "500"]
    assert [each.user for each in store.read_now(jobs.failures, job.id, 1, 1)] == ["user-8"]
    assert store.read_now(jobs.next_items, job.id, 1)[0].user == "user-10"


def test_it_pauses_without_its_token_and_continues_with_another(store, job):
    paused = store.write_now(jobs.pause, job.id, "The token has expired.")
    assert (paused.state, paused.message) == ("paused", "The token has expired.")
    assert paused.token is None
    assert store.read_now(jobs.token, job.id) is None
    assert store.read_now(jobs.running) == []
    again = store.write_now(jobs.resume, job.id, "another", actor="grace")
    assert (again.state, again.actor) == ("running", "grace")
    assert store.read_now(jobs.token, job.id) == "another"
    assert [each.id for each in store.read_now(jobs.running)] == [job.id]
    assert results(store) == ["started", "paused", "continued"]


def test_it_ends_and_its_failures_are_tried_again(store, job):
    ids = [each.id for each in store.read_now(jobs.items, job.id, limit=2000)]
    store.write_now(jobs.mark_asked, ids)
    store.write_now(jobs.mark, ids, "done")
    store.write_now(jobs.mark, ids[:3], "failed", "503")
    ended = store.write_now(jobs.end, job.id, "3 of 1200 did not stop.")
    assert (ended.state, ended.token) == ("done", None)
    again = store.write_now(jobs.retry_failed, job.id, TOKEN, actor="ada")
    assert again.counts == {"waiting": 3, "done": 1197}
    assert [each.attempts for each in store.read_now(jobs.next_items, job.id, 9)] == [1, 1, 1]
    assert results(store) == ["started", "ended", "retried"]


def test_it_is_cancelled(store, job):
    first = store.read_now(jobs.next_items, job.id, 1)[0]
    store.write_now(jobs.mark_asked, [first.id])
    cancelled = store.write_now(jobs.cancel, job.id, actor="ada")
    assert cancelled.counts == {"asked": 1, "skipped": 1199}
    assert cancelled.token is None
    for forbidden in (jobs.cancel, jobs.resume):
        more = {"token": "x"} if forbidden is jobs.resume else {}
        with pytest.raises(jobs.WrongState, match="cancelled"):
            store.write_now(forbidden, job.id, actor="ada", **more)
    with pytest.raises(ValueError, match="never"):
        store.write_now(jobs.mark, [first.id], "gone")


def test_a20_its_token_is_nowhere_to_be_read(store, job, raw, tmp_path, caplog):
    assert store.read_now(jobs.token, job.id) == TOKEN
    kept = raw("SELECT * FROM jobs") + raw("SELECT * FROM audit")
    assert TOKEN not in repr(kept)
    assert TOKEN not in repr(job)
    assert TOKEN not in caplog.text
    for file in tmp_path.rglob("*.sqlite*"):
        assert TOKEN.encode() not in file.read_bytes()


def test_a20_what_fails_shows_no_values(store, job, caplog):
    def insert_again(c):
        from sqlalchemy import insert

        from jupyter_2i2c.hub.store.schema import audit_checkpoints

        values = {"sequence": 0, "hash": TOKEN, "time": END, "actor": "", "signature": TOKEN}
        c.execute(insert(audit_checkpoints).values(**values))

    with pytest.raises(Exception, match="audit_checkpoints") as failure:
        store.write_now(insert_again)
    assert TOKEN not in str(failure.value)


def test_a_token_opens_for_its_own_job_only(store, job, raw):
    other = store.write_now(jobs.create, kind="stop-all", actor="mal", items=[], token="mal's")
    raw(
        f"UPDATE jobs SET token = (SELECT token FROM jobs WHERE id = '{job.id}')"
        f" WHERE id = '{other.id}'"
    )
    assert store.read_now(jobs.token, other.id) is None


def test_old_ones_are_forgotten_with_their_items(store, job):
    later = datetime(2100, 1, 1, tzinfo=timezone.utc)
    assert store.write_now(jobs.forget, later) == 0  # it runs
    store.write_now(jobs.cancel, job.id, actor="ada")
    assert store.write_now(jobs.forget, later) == 1
    assert store.read_now(jobs.items, job.id) == []
    assert store.read_now(jobs.recent) == []
