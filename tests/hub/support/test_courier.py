"""The outbox is worked off whatever happens: nothing is lost, and one message holds up no other."""

import asyncio
import signal
import subprocess
import sys
from datetime import timedelta

import pytest

from jupyter_2i2c.hub.delivery import outbox as courier_module
from jupyter_2i2c.hub.delivery.base import Channel, Delivered, Refused, TryLater
from jupyter_2i2c.hub.delivery.outbox import Courier
from jupyter_2i2c.hub.metrics import Metrics
from jupyter_2i2c.hub.store import outbox, requests
from jupyter_2i2c.hub.store.database import Store
from jupyter_2i2c.hub.store.errors import StoreUnavailable
from jupyter_2i2c.hub.store.requests import Content
from jupyter_2i2c.hub.store.schema import now

from .conftest import plain


class Scripted(Channel):
    """A channel that does to each message what a test says, by its subject."""

    def __init__(self, **does):
        self.does = does
        self.tried = []
        self.delivered = []
        self.arrivals = asyncio.Queue()

    async def deliver(self, message):
        self.tried.append(message)
        outcome = self.does.get(message.subject.split()[0])
        if isinstance(outcome, list):
            outcome = outcome.pop(0) if outcome else None
        if callable(outcome):
            outcome = await outcome()
        if isinstance(outcome, BaseException):
            self.arrivals.put_nowait(None)
            raise outcome
        self.delivered.append(message)
        self.arrivals.put_nowait(message)
        return outcome if isinstance(outcome, Delivered) else Delivered()


def both(channel):
    return {"community": channel, "operator": channel}


async def test_one_that_cannot_be_delivered_holds_up_no_other(begin, quick):
    held = asyncio.Event()
    channel = Scripted(
        refused=Refused("no"),
        later=[TryLater("not yet")] * 3,
        broken=[ZeroDivisionError("canary-of-the-message")] * 2,
        slow=held.wait,
    )
    service = await begin(both(channel))
    ids = {}
    for number, subject in enumerate(("slow", "refused", "broken", "later", "a", "b", "c", "d")):
        ids[subject] = (await service.send(subject=subject, key=f"key-{number:04}")).json["id"]
    for subject in ("a", "b", "c", "d", "broken", "later"):
        assert (await service.settled(ids[subject]))["why"] == ""
    failed = await service.settled(ids["refused"], states=("failed",))
    assert failed["why"].startswith("no; whoever looks after")
    assert (await service.ask(f"requests/{ids['slow']}")).json["state"] == "queued"
    held.set()
    await service.settled(ids["slow"])


async def test_what_the_person_and_what_the_operator_are_told(begin, quick):
    service = await begin(both(Scripted()), courier=False)
    id_ = (await service.send(subject="later")).json["id"]
    (row,) = service.store.write_now(outbox.take, 1)
    why = "the mail server takes no mail now: 451 internal.example is ill"
    service.store.write_now(outbox.later, row.id, why, now())
    told = (await service.ask(f"requests/{id_}")).json
    assert (told["state"], told["why"]) == (
        "queued",
        "the mail server takes no mail now; it is tried again, and nothing is lost",
    )
    delivery = service.store.read_now(requests.get, id_).delivery
    assert (delivery.error, delivery.attempts, delivery.given_up) == (why, 1, False)
    service.store.write_now(outbox.give_up, row.id, "nobody there: 550 internal.example")
    told = (await service.ask(f"requests/{id_}")).json
    assert told["state"] == "failed"
    assert told["why"].startswith("nobody there; whoever looks after this hub's requests")


async def test_the_desks_own_name_is_what_the_person_is_told(begin):
    service = await begin(both(Scripted(ticket=Delivered("1042"))))
    answer = await service.send(subject="ticket")
    assert (await service.settled(answer.json["id"]))["reference"] == "1042"


async def test_every_attempt_carries_the_same_key(begin, mail_server, quick):
    answers = ["451 not now", "drop", None]
    seen = []

    def fault(step, mail):
        if step == "DATA":
            seen.append(mail["Message-ID"])
            return answers.pop(0)
        return None

    mail_server.fault = fault
    service = await begin(plain(mail_server))
    id_ = (await service.send()).json["id"]
    await service.settled(id_)
    assert seen == [f"<{id_}@coastal.example>"] * 3


async def test_f23_while_the_mail_server_is_down_nothing_is_lost(begin, mail_server, quick):
    port = mail_server.port
    await mail_server.stop()
    service = await begin(plain(mail_server))
    ids = [(await service.send(key=f"key-{number:04}")).json["id"] for number in range(5)]
    assert (await service.ask(f"requests/{ids[0]}")).json["state"] == "queued"
    await mail_server.start(port)
    for id_ in ids:
        await service.settled(id_)
    assert len(mail_server.mails) == 5


async def test_an_answer_follows_its_request(begin, mail_server):
    service = await begin(plain(mail_server))
    id_ = (await service.send()).json["id"]
    await service.settled(id_)
    service.store.write_now(requests.answer, id_, "Take a larger profile.", actor="boss")
    service.support._courier.wake()
    assert (await service.ask(f"requests/{id_}")).json["answer"] == "Take a larger profile."
    await mail_server.arrivals.get()
    answer = await mail_server.arrivals.get()
    assert answer["In-Reply-To"] == f"<{id_}@coastal.example>"


async def test_an_answer_waits_until_its_request_has_arrived(store_of):
    id_ = ask(store_of)
    other = ask(store_of, "key-0002")
    store_of.write_now(requests.answer, id_, "Take a larger profile.", actor="boss")
    taken = store_of.write_now(outbox.take, 9)
    assert [(row.request, row.kind) for row in taken] == [(id_, "request"), (other, "request")]
    assert store_of.write_now(outbox.take, 9) == []
    assert store_of.read_now(outbox.depth).next > now()
    store_of.write_now(outbox.delivered, taken[0].id, "1042")
    (answer,) = store_of.write_now(outbox.take, 9)
    assert (answer.request, answer.kind) == (id_, "answer")


async def test_it_waits_longer_each_time_and_as_long_as_it_is_asked_to(store_of, monkeypatch):
    longest = outbox.LONGEST_DELAY
    for attempts in range(200):
        assert outbox.delay(attempts) <= longest
        assert (
            outbox.delay(attempts) >= min(outbox.FIRST_DELAY * 2 ** min(attempts, 9), longest) / 2
        )
    waited = sum((outbox.delay(n) for n in range(outbox.MAX_ATTEMPTS)), timedelta())
    assert timedelta(days=2) < waited < timedelta(days=4)
    ask(store_of)
    courier = Courier(store_of, raising(TryLater("wait", 900)))
    (row,) = store_of.write_now(outbox.take, 1)
    await courier._try(row)
    due = store_of.read_now(outbox.depth).next
    assert timedelta(seconds=890) < due - now() <= timedelta(seconds=900)
    await courier._later(row, "a year", 31_536_000)
    assert store_of.read_now(outbox.depth).next - now() <= longest


def raising(error):
    async def deliver(row):
        raise error

    return deliver


def ask(store, key="key-0001", **fields):
    content = Content(**{"category": "incident", "subject": "s", "text": "", **fields})
    made, _ = store.write_now(requests.create, content, key=key, person="ada", route="community")
    return made.id


@pytest.fixture
def store_of(tmp_path):
    store = Store(f"sqlite:///{tmp_path}/s.sqlite", bytes(range(32)), on_head=lambda head: None)
    store.open()
    yield store
    store.close()


async def test_after_three_days_it_is_given_up_and_can_be_tried_again(store_of):
    id_ = ask(store_of)
    time = now()
    for _ in range(outbox.MAX_ATTEMPTS):
        assert store_of.write_now(outbox.take, 1, time)
        time += timedelta(hours=1)
    assert store_of.write_now(outbox.take, 1, time) == []
    assert store_of.read_now(requests.get, id_).state == "failed"
    assert store_of.read_now(outbox.depth).dead == 1
    store_of.write_now(requests.retry, id_, actor="boss")
    assert store_of.read_now(requests.get, id_).state == "queued"
    assert [row.attempts for row in store_of.write_now(outbox.take, 1)] == [1]


async def test_f30_a_clock_that_is_set_back_or_ahead_delays_nothing_for_long(store_of):
    ask(store_of)
    ahead = now() + timedelta(hours=2)
    assert store_of.write_now(outbox.take, 1, ahead)
    # two hours back again: it is due in two hours by what is stored, and is taken all the same
    (row,) = store_of.write_now(outbox.take, 1)
    store_of.write_now(outbox.later, row.id, "x", now() + timedelta(hours=2))
    assert store_of.read_now(outbox.depth).next <= now() + outbox.LONGEST_DELAY
    assert store_of.write_now(outbox.take, 1, now() - timedelta(hours=3))


async def test_a_row_is_one_processs_until_its_time_is_over(store_of):
    ask(store_of)
    time = now()
    (row,) = store_of.write_now(outbox.take, 9, time)
    assert store_of.write_now(outbox.take, 9, time + outbox.LEASE - timedelta(seconds=1)) == []
    (again,) = store_of.write_now(
        outbox.take, 9, time + outbox.LEASE + outbox.FIRST_DELAY + timedelta(seconds=1)
    )
    store_of.write_now(outbox.delivered, again.id, "17")
    store_of.write_now(outbox.give_up, row.id, "too late")
    assert store_of.read_now(outbox.depth).dead == 0


async def test_it_stops_even_if_it_is_woken_at_that_moment(store_of):
    pausing = asyncio.Event()

    class Watched(Courier):
        def _pause(self):
            pausing.set()
            return 60.0

    courier = Watched(store_of, raising(TryLater("x")))
    courier.start()
    await pausing.wait()
    courier.wake()
    done, _ = await asyncio.wait({asyncio.ensure_future(courier.close())}, timeout=20)
    assert done


async def test_f12_a_store_that_is_away_for_a_while_is_waited_for(
    begin, mail_server, quick, monkeypatch
):
    monkeypatch.setattr(courier_module, "LOOK", 0.02)
    service = await begin(plain(mail_server))
    read, failures = service.store.read, []

    async def away(function, *arguments):
        if function is outbox.depth and len(failures) < 3:
            failures.append(1)
            raise StoreUnavailable("another process keeps the database locked")
        return await read(function, *arguments)

    monkeypatch.setattr(service.store, "read", away)
    answer = await service.send()
    await service.settled(answer.json["id"])
    second = await service.send(key="key-0002")
    await service.settled(second.json["id"])


async def test_a20_no_word_of_a_request_is_in_the_log_or_the_errors(
    begin, quick, caplog, monkeypatch
):
    canary = "canary-" + "x" * 20

    class Talkative(Scripted):
        async def deliver(self, message):
            self.tried.append(message)
            if len(self.tried) < 3:
                raise [ValueError(f"cannot encode {message!r} {canary}"), OSError(canary)][
                    len(self.tried) - 1
                ]
            return Delivered()

    service = await begin(both(Talkative()))
    answer = await service.send(
        subject=canary,
        text=canary,
        affected=canary,
        reply_to=f"{canary}@x.example",
        diagnostics={canary: canary},
    )
    await service.settled(answer.json["id"])
    assert "ValueError" in caplog.text
    assert canary not in caplog.text
    assert canary not in repr(service.store.read_now(requests.get, answer.json["id"])).replace(
        f"subject='{canary}'", ""
    )


async def test_the_outboxs_depth_and_age_are_in_the_metrics(begin, quick, monkeypatch):
    monkeypatch.setattr(courier_module, "LOOK", 0.02)
    held = asyncio.Event()
    channel = Scripted(slow=held.wait, refused=Refused("no"))
    service = await begin(both(channel))
    metrics = Metrics()
    service.support.measure(metrics.gauge)
    await service.send(subject="slow")
    refused = await service.send(subject="refused", key="key-0002")
    await service.settled(refused.json["id"], states=("failed",))

    def shown(name):
        return metrics.registry.get_sample_value(f"jupyter_2i2c_{name}")

    while (shown("outbox_depth"), shown("outbox_dead")) != (1, 1):
        service.support._courier.wake()
        await service.ask("requests")
    assert shown("outbox_age_seconds") > 0
    held.set()
    while shown("outbox_depth"):
        await service.ask("requests")
    assert shown("outbox_age_seconds") == 0


SERVICE = """
import asyncio, sys
from datetime import timedelta
from traitlets.config import Config
from jupyter_2i2c.config import read
from jupyter_2i2c.hub.delivery.smtp import Smtp
from jupyter_2i2c.hub.facts import Facts
from jupyter_2i2c.hub.store import outbox
from jupyter_2i2c.hub.store.database import Store
from jupyter_2i2c.hub.support import Support
from jupyter_2i2c.hub.support_traits import SupportOptions

async def main():
    outbox.LEASE = timedelta(seconds=float(sys.argv[3]))
    outbox.FIRST_DELAY = timedelta(milliseconds=50)
    outbox.LONGEST_DELAY = timedelta(seconds=1)
    store = Store(sys.argv[1], bytes(range(32)), on_head=lambda head: None)
    store.open()
    config = Config()
    config.HubInformation.contacts = [{"role": "community", "name": "us", "email": "a@b.example"}]
    smtp = Smtp("127.0.0.1", int(sys.argv[2]), "hub@coastal.example", security="none")
    options = SupportOptions(channels={"community": smtp, "operator": smtp})
    Support(options, Facts(read(config, "service", "x")), store).start()
    await asyncio.Event().wait()

asyncio.run(main())
"""
"""The service, as far as delivery goes, in a process that can be killed."""


async def test_killed_while_it_sends_it_is_sent_again_with_the_same_id(
    store_of, mail_server, tmp_path
):
    id_ = ask(store_of)
    seen = asyncio.Queue()
    never = asyncio.Event()

    async def hold(mail):
        seen.put_nowait(mail["Message-ID"])
        await never.wait()

    mail_server.fault = lambda step, about: hold(about) if step == "DATA" else None
    command = [sys.executable, "-c", SERVICE, f"sqlite:///{tmp_path}/s.sqlite"]
    command += [str(mail_server.port), "0.5"]
    first = subprocess.Popen(command)
    try:
        message_id = await seen.get()
    finally:
        first.send_signal(signal.SIGKILL)
        first.wait()
    mail_server.fault = lambda step, about: None
    second = subprocess.Popen(command)
    try:
        mail = await mail_server.arrivals.get()
        assert mail["Message-ID"] == message_id == f"<{id_}@coastal.example>"
    finally:
        second.kill()
        second.wait()
        never.set()
