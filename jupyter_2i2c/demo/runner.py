"""`jupyter 2i2c demo`: starts the example hub, and checks it if asked. Called by the command line."""

from __future__ import annotations

import json
import signal
import sys
from pathlib import Path
from typing import Any

from .local_hub import LocalHub, LocalHubFailed

ADMIN = "admin"
USERS = ("ada", "grace", "katherine")
CONFIG = Path(__file__).with_name("jupyterhub_config.py")


def run(port: int = 8000, check: bool = False) -> int:
    """Run the example hub until it is interrupted, or until it has been checked.

    Args:
        port: where it listens on 127.0.0.1; 0 takes a free port.
        check: log in as a user, start a server, ask it for the hub's facts through the proxy,
            print them and stop.

    Returns:
        The exit status: 0 when all went well, 1 when the check failed, 2 when it cannot start.
    """
    before = signal.signal(signal.SIGTERM, _interrupt)
    try:
        with LocalHub(CONFIG, port, say=_say) as hub:
            if check:
                print(json.dumps(_check(hub, USERS[0]), indent=2, ensure_ascii=False))
                return 0
            _say("")
            _say(f"  The hub is ready:  {hub.url}")
            _say(f"  Administrator:     {ADMIN}")
            _say(f"  Users:             {', '.join(USERS)}")
            _say(f"  Password of each:  {hub.password}")
            _say("  In Lab:            This Hub, in the left sidebar")
            _say(f"  Without a login:   {hub.url}services/2i2c/")
            _say(f"  For {ADMIN}:         {hub.url}services/2i2c-console/")
            _say("  Stop it with Ctrl-C.")
            _say("")
            hub.wait()
            raise LocalHubFailed(f"the hub stopped by itself:\n{hub.last_words()}")
    except KeyboardInterrupt:
        return 0
    except LocalHubFailed as failure:
        _say(f"jupyter 2i2c demo: {failure}")
        return 1 if check else 2
    finally:
        signal.signal(signal.SIGTERM, before)


def _check(hub: LocalHub, user: str) -> Any:
    """Log in as `user`, start a server, and read the hub's facts from it."""
    with hub.browser() as browser:
        _say(f"Logging in as {user} …")
        hub.login(browser, user)
        _say("Starting a server …")
        hub.start_server(browser, user)
        _say("Asking it for the hub's facts, through the proxy …")
        facts = hub.ask(browser, user, "jupyter-2i2c/info")
    if facts["service"]["state"] != "ok":
        raise LocalHubFailed(f"the server did not reach the hub's service: {facts['service']}")
    return facts


def _interrupt(*_: Any) -> None:
    raise KeyboardInterrupt


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)
