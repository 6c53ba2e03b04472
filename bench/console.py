"""The console on a hub with 20,000 users

A real JupyterHub whose SQLite is filled before it starts: 20,000 users, 100 groups of 200, a stopped
server for one user in four. Without the proxy, interleaved and shuffled: the console's list beside the
hub's own API for the same page with the same rights. In Chromium, through the proxy, each after one
visit to warm up: the time from the address, or from the key, until rows (or the one that was searched
for) are seen.
"""

from __future__ import annotations

import os
import random
import secrets
import statistics
import tempfile
import time
from collections.abc import Callable
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path

import httpx
import psutil
from playwright.sync_api import Browser, Page, expect, sync_playwright

from jupyter_2i2c.demo.local_hub import LocalHub, xsrf
from jupyter_2i2c.hub.scopes import console_scopes
from tests.hubs import SETUP, write_config

from .figures import Figure, at_most

USERS, GROUPS, MEMBERS = 20_000, 100, 200
DEEP = 19_600
ROUNDS = 30
VISITS = 7
CONSOLE = "services/2i2c-console/"
NAVIGATION = {"Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}
ONE = "user19321"

FILL = f"""
sys.path.insert(0, {str(Path(__file__).parents[1])!r})
from bench.console import fill
fill(c.JupyterHub.db_url)
c.Authenticator.admin_users = {{"boss"}}
c.Authenticator.allow_all = True
"""


def fill(url: str) -> None:
    """Make the hub's database; called by the hub's own configuration, before the hub opens it."""
    from jupyterhub import orm, roles

    made = datetime(2026, 1, 1)
    people = [
        {
            "id": number + 1,
            "name": f"user{number:05}",
            "admin": False,
            "created": made,
            "last_activity": made + timedelta(minutes=number * 7919 % USERS),
            "cookie_id": secrets.token_hex(16),
        }
        for number in range(USERS)
    ]
    with closing(orm.new_session_factory(url)()) as db:
        for role in roles.get_default_roles():
            roles.create_role(db, role)
        role = db.query(orm.Role).filter_by(name="user").one().id
        db.execute(orm.User.__table__.insert(), people)
        db.execute(
            orm.Base.metadata.tables["user_role_map"].insert(),
            [{"user_id": each["id"], "role_id": role} for each in people],
        )
        db.execute(
            orm.Group.__table__.insert(),
            [{"id": number + 1, "name": f"group{number:02}"} for number in range(GROUPS)],
        )
        db.execute(
            orm.Base.metadata.tables["user_group_map"].insert(),
            [
                {"user_id": number + 1, "group_id": number // MEMBERS + 1}
                for number in range(GROUPS * MEMBERS)
            ],
        )
        db.execute(
            orm.Spawner.__table__.insert(),
            [{"user_id": number + 1, "name": ""} for number in range(0, USERS, 4)],
        )
        db.commit()


def run() -> list[Figure]:
    with tempfile.TemporaryDirectory() as directory:
        config = write_config(Path(directory) / "hub.py", SETUP, FILL)
        with LocalHub(config) as hub, sync_playwright() as playwright:
            browser = playwright.chromium.launch(
                executable_path=os.environ["CHROMIUM"], chromium_sandbox=False
            )
            try:
                page = _log_in(hub, browser)
                return [*_lists(hub, page), *_in_chromium(hub, page), *_memory(hub, page)]
            finally:
                browser.close()


def _log_in(hub: LocalHub, browser: Browser) -> Page:
    page = browser.new_page(viewport={"width": 1200, "height": 900})
    page.set_default_timeout(60_000)
    page.goto(f"{hub.url}hub/login?next=/hub/home")
    page.fill("#username_input", "boss")
    page.fill("#password_input", hub.password)
    page.click("#login_submit")
    page.wait_for_url("**/hub/home")
    page.goto(hub.url + CONSOLE)
    page.get_by_role("button", name="Authorize").click()
    page.wait_for_url("**/services/2i2c-console/")
    return page


def _service(hub: LocalHub) -> psutil.Process:
    assert hub.process
    (service,) = (
        each
        for each in psutil.Process(hub.process.pid).children()
        if each.cmdline()[-2:] == ["-m", "jupyter_2i2c.hub"]
    )
    return service


def _cookies(page: Page) -> dict[str, str]:
    return {each["name"]: each["value"] for each in page.context.cookies()}


def _lists(hub: LocalHub, page: Page) -> list[Figure]:
    # no role has scopes of our own; what the console may ask of the hub is the rest
    scopes = [each for each in console_scopes(False) if not each.startswith("custom:")]
    with hub.browser() as boss:
        hub.login(boss, "boss")
        answer = boss.post(
            "hub/api/users/boss/tokens",
            headers={"X-XSRFToken": xsrf(boss)},
            json={"expires_in": 3600, "scopes": scopes},
        )
    api_headers = {
        "Authorization": f"token {answer.json()['token']}",
        "Accept": "application/jupyterhub-pagination+json",
    }
    # both without the proxy, which only what the browser asks goes through
    direct = _service(hub).environ()["JUPYTERHUB_API_URL"]
    api = httpx.Client(base_url=direct, headers=api_headers, trust_env=False, timeout=60)
    console = httpx.Client(
        base_url=f"http://127.0.0.1:{hub.console_port}/{CONSOLE}",
        headers=NAVIGATION,
        cookies={"2i2c-console-session": _cookies(page)["2i2c-console-session"]},
        trust_env=False,
        timeout=60,
    )
    with api, console:
        figures = []
        pages = {
            "the first page": ("limit=50&offset=0&sort=name", "users"),
            "a deep page": (f"limit=50&offset={DEEP}&sort=name", f"users?from={DEEP}"),
            "a search": ("limit=50&offset=0&sort=name&name_filter=193", "users?name=193"),
        }
        for name, (query, path) in pages.items():
            hubs, ours = _together(
                lambda query=query: api.get(f"users?{query}"),
                lambda path=path: console.get(path),
            )
            figures.append(
                at_most(
                    f"{name} of the console's list, over the hub's API for the same",
                    ours / hubs,
                    1.3,
                    "",
                    f" ({ours * 1000:.1f} ms, hub {hubs * 1000:.1f} ms)",
                )
            )
        figures.append(
            at_most("weight of that page", len(console.get("users").content), 100_000, " B")
        )
        slow, quick = _together(
            lambda: api.get(f"groups?limit={GROUPS}"), lambda: console.get("groups"), 5
        )
        figures.append(
            Figure(
                f"a page of groups, over the hub's API for all {GROUPS} with their members",
                f"{quick / slow:.2f} ({quick * 1000:.0f} ms, hub {slow * 1000:.0f} ms)",
                "at most 0.5",
                quick / slow <= 0.5,
            )
        )
        _, members = _together(
            lambda: api.get("groups/group07"), lambda: console.get("groups/group07"), 5
        )
        figures.append(Figure("a page of one group's members", f"{members * 1000:.0f} ms"))
    return figures


def _together(
    first: Callable[[], httpx.Response],
    second: Callable[[], httpx.Response],
    rounds: int = ROUNDS,
) -> tuple[float, float]:
    """The medians of both, in shuffled rounds after one that does not count."""
    times: tuple[list[float], list[float]] = ([], [])
    for turn in range(rounds + 1):
        order = [(first, times[0]), (second, times[1])]
        random.Random(turn).shuffle(order)
        for ask, found in order:
            begin = time.perf_counter()
            answer = ask()
            took = time.perf_counter() - begin
            if answer.status_code != 200:
                raise RuntimeError(f"{answer.url}: {answer.status_code} {answer.text[:300]}")
            if turn:
                found.append(took)
    return statistics.median(times[0]), statistics.median(times[1])


def _in_chromium(hub: LocalHub, page: Page) -> list[Figure]:
    stock, ours = f"{hub.url}hub/admin", f"{hub.url}{CONSOLE}users"
    times: dict[str, list[float]] = {name: [] for name in ("stock", "ours", "stock s", "ours s")}
    for turn in range(VISITS + 1):
        found = {}
        begin = time.perf_counter()
        page.goto(stock, wait_until="commit")
        expect(page.locator('[data-testid="user-row-name"], .user-row')).not_to_have_count(0)
        found["stock"] = time.perf_counter() - begin
        begin = time.perf_counter()
        page.locator('input[name="user_search"]').fill(ONE)
        expect(page.locator(".user-row")).to_have_count(1)
        found["stock s"] = time.perf_counter() - begin
        begin = time.perf_counter()
        page.goto(ours, wait_until="commit")
        expect(page.locator("tbody tr")).not_to_have_count(0)
        found["ours"] = time.perf_counter() - begin
        begin = time.perf_counter()
        page.get_by_label("Name contains").fill(ONE)
        page.keyboard.press("Enter")
        expect(page.locator("tbody tr")).to_have_count(1)
        found["ours s"] = time.perf_counter() - begin
        if turn:
            for name, took in found.items():
                times[name].append(took)
    median = {name: statistics.median(found) for name, found in times.items()}
    return [
        at_most(
            f"{what} in Chromium, over the stock admin page",
            median[f"ours{key}"] / median[f"stock{key}"],
            1,
            "",
            f" ({median[f'ours{key}']:.2f} s, stock {median[f'stock{key}']:.2f} s)",
        )
        for what, key in (("showing the list", ""), ("finding one of 20,000", " s"))
    ]


def _memory(hub: LocalHub, page: Page) -> list[Figure]:
    """What the service holds after it has looked at everybody, once and five times more."""
    service = _service(hub)
    cookies = {"2i2c-console-session": _cookies(page)["2i2c-console-session"]}
    used = []
    with httpx.Client(
        base_url=hub.url + CONSOLE,
        headers=NAVIGATION,
        cookies=cookies,
        trust_env=False,
        timeout=120,
    ) as console:
        begin = time.perf_counter()
        for _ in range(6):
            answer = console.get("administrators")
            if f"1 of {USERS + 1:,} users" not in answer.text:
                raise RuntimeError(answer.text[-500:])
            used.append(service.memory_full_info().uss / 2**20)
        took = (time.perf_counter() - begin) / 6
    return [
        Figure("looking at everybody for the administrators among them", f"{took:.1f} s"),
        at_most(
            "memory that the service gains in five more of these walks",
            max(used[-1] - used[0], 0),
            5,
            " MiB",
            f" ({used[-1]:.0f} MiB in all)",
        ),
    ]
