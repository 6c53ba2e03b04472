"""Logins and one-time values of the console: until when they are good, for what, and how many there are (H2, H6)."""

import pytest

from jupyter_2i2c.hub.console.session import (
    FORM_AGE,
    FORMS_PER_SESSION,
    SESSION_AGE,
    Sessions,
)
from jupyter_2i2c.hub.identity import Identity

BOSS = Identity("boss", frozenset())


class Clock:
    now = 0.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def sessions(clock):
    return Sessions(clock)


@pytest.fixture
def boss(sessions):
    return sessions.find(sessions.start("token", BOSS))


def test_a_form_is_good_once_for_its_own_address_and_comes_back_with_what_it_was_for(
    sessions, boss
):
    value = sessions.give_form(boss, "/a", {"version": 3})
    session, form = sessions.take_form(value, "/a")
    assert (session, form.about) == (boss, {"version": 3})
    assert sessions.take_form(value, "/a") is None
    assert sessions.take_form("", "/a") is None


def test_a_form_that_was_sent_elsewhere_is_used_up(sessions, boss):
    value = sessions.give_form(boss, "/a", {})
    assert sessions.take_form(value, "/b") is None
    assert sessions.take_form(value, "/a") is None


def test_a_form_ends_after_its_time_though_its_login_goes_on(sessions, boss, clock):
    in_time, late = (sessions.give_form(boss, "/a", {}) for _ in range(2))
    clock.now = FORM_AGE
    assert sessions.take_form(in_time, "/a")
    clock.now = FORM_AGE + 1
    assert sessions.take_form(late, "/a") is None


def test_a_login_lasts_while_it_is_used(sessions, clock):
    key = sessions.start("token", BOSS)
    for _ in range(3):
        clock.now += SESSION_AGE
        assert sessions.find(key)
    clock.now += SESSION_AGE + 1
    assert sessions.find(key) is None
    assert len(sessions) == 0


def test_a_form_of_a_login_that_has_ended_does_nothing(sessions, boss, clock):
    clock.now = SESSION_AGE + 1
    value = sessions.give_form(boss, "/a", {})
    assert sessions.take_form(value, "/a") is None
    sessions.end(boss)
    assert len(sessions) == 0


def test_who_opens_form_after_form_loses_the_oldest(sessions, boss):
    values = [sessions.give_form(boss, "/a", {}) for _ in range(FORMS_PER_SESSION + 1)]
    assert sessions.take_form(values[0], "/a") is None
    assert sessions.take_form(values[1], "/a")
    assert len(set(values)) == len(values)


def test_logins_that_ended_are_forgotten_when_another_begins(sessions, boss, clock):
    clock.now = SESSION_AGE + 1
    sessions.start("another", BOSS)
    assert len(sessions) == 1
