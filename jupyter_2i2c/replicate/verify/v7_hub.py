"""V7 of a hub: somebody logs in to the replica, their server starts, and a notebook runs in it. Called by verify/hub.py."""

from __future__ import annotations

import asyncio
import json
import sys
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from urllib.parse import quote

from ..bundle import Bundle
from ..targets import hub_local
from ..work import Work
from .ladder import Result, Rung, judged, not_run
from .replica import Replica, ReplicaFails
from .server import NotWorking, Server
from .v6_live import administrators
from .v7_notebook import run_notebook


def check(bundle: Bundle, replica: Replica, python: Path | None, work: Work) -> Rung:
    """Log in as one of the hub's users, start the server, run a notebook, stop it.

    Arguments:
        bundle: of a hub that was captured where it runs.
        replica: it, running.
        python: the interpreter that servers run on; this one by default.
        work: asked whether to stop.
    """
    people = users(bundle)
    if not people:
        return not_run("the bundle names nobody who could log in; capture it --with-people")
    name = people[0]
    items: dict[str, Result] = {}
    prefix = str(python.parent.parent) if python else sys.prefix
    try:
        work.step(0, 0, f"logging in as {name}")
        browser = replica.log_in(name)
        items["login"] = Result("pass", f"{name} logs in")
        api = f"hub/api/users/{quote(name)}"
        work.step(0, 0, "starting a server")
        browser.ask("POST", f"{api}/server", body={})
        replica.until(
            "the server", lambda: browser.ask("GET", api)["servers"].get("", {}).get("ready")
        )
        items["server"] = Result("pass", "it starts")
        token = browser.token(name)
        address = f"{replica.url}user/{quote(name, safe='@~')}"
        with closing(Server(address, token, replica.process, work)) as server:
            asyncio.run(_visit(server, prefix, items))
        browser.ask("DELETE", f"{api}/server")
        items["stop"] = Result("pass", "it stops")
    except (ReplicaFails, NotWorking) as error:
        step = next(each for each in ("login", "server", "notebook", "stop") if each not in items)
        items[step] = Result("fail", str(error))
    rung = judged(items, "steps")
    return replace(rung, why=f"{rung.why}, as {name}")


async def _visit(server: Server, prefix: str, items: dict[str, Result]) -> None:
    await server.await_start()
    if await server.has_lab():
        items["lab"] = Result("pass", "JupyterLab's page is there")
    items["notebook"] = await run_notebook(server, prefix)


def users(bundle: Bundle) -> list[str]:
    """Who may log in, as far as the bundle says; those without rights over others first."""
    names: set[str] = set()
    if bundle.path("hub/users.json").is_file():
        names |= {each["name"] for each in json.loads(bundle.text("hub/users.json"))}
    for path, value in hub_local.observed_of(bundle)["config"].items():
        if path.endswith("Authenticator.allowed_users"):
            names |= {
                str(each) for each in (value.get("$set", ()) if isinstance(value, dict) else value)
            }
    rights = administrators(bundle)
    return [*sorted(names - set(rights)), *rights]
