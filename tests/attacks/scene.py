"""Where attacks are performed: a real hub with the console, a service that can be attacked, and mal's hostile server. Called by the tests beside this file and by those in ui-tests/attacks."""

from __future__ import annotations

import html
import json
import re
import sqlite3
from html.parser import HTMLParser
from pathlib import Path

import httpx

from jupyter_2i2c.demo.local_hub import LocalHub
from jupyter_2i2c.hub.administration import Administration, Options
from jupyter_2i2c.hub.console.app import console_app
from jupyter_2i2c.hub.facts import Facts
from jupyter_2i2c.hub.proof import Drills
from jupyter_2i2c.hub.settings import HubSettings
from jupyter_2i2c.sources import Stated

from ..hubs import SETUP, Hubs, Person

CONSOLE = "services/2i2c-console/"
API = "services/2i2c/api/v1/"
TWIN = "services/twin/"
TRAP = "user/mal/"

NAVIGATION = {"Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}
"""What a browser says when a person opens a page."""

HERE = Path(__file__).parent

STAGE = f"""
c.Authenticator.admin_users = {{"boss", "chief"}}
c.Authenticator.allowed_users = {{"ada", "mal", "eve"}}
with __import__("socket").socket() as free:
    free.bind(("127.0.0.1", 0))
    twin_port = free.getsockname()[1]
c.JupyterHub.services = [
    {{
        "name": "twin",
        "url": f"http://127.0.0.1:{{twin_port}}",
        "command": [sys.executable, {str(HERE / "twin.py")!r}],
        "oauth_no_confirm": True,
        "environment": {{"JUPYTERHUB_ALLOW_TOKEN_IN_URL": "1"}},
    }}
]
c.JupyterHub.load_roles = [
    {{"name": "user", "scopes": ["self", "access:services!service=twin"]}},
    {{"name": "helper", "users": ["mal"], "scopes": ["access:services!service=2i2c-console"]}},
    {{
        "name": "server",
        "scopes": ["users:activity!user", "access:servers!server", "access:services!service=twin"],
    }},
]

def hostile(spawner):
    if spawner.user.name in ("mal", "eve"):
        spawner.cmd = [sys.executable, {str(HERE / "hostile.py")!r}]
        spawner.environment["HOSTILE_NOTES"] = str(state / f"notes-{{spawner.user.name}}.jsonl")
        spawner.args = []

c.Spawner.pre_spawn_hook = hostile
state = __import__("pathlib").Path(os.environ["LOCAL_HUB_STATE"])
"""
"""The people, the service and the server. boss and chief are administrators; mal may open the console, where there is nothing for them; eve's server only starts fast."""

FEATURE = "c.HubService.admin_users_feature = True"


class Scene:
    """A hub with all that an attack needs.

    Args:
        hubs: starts it.
        parts: more of its configuration.
        stage: the people, and what there is beside us; without the service that can be attacked
            where that cannot run.
        setup: the lines that add us.
        options: of the hub.
    """

    def __init__(
        self, hubs: Hubs, *parts: str, stage: str = STAGE, setup: str = SETUP, **options
    ) -> None:
        self.hubs = hubs
        self.subdomains = bool(options.get("subdomains"))
        self.hub: LocalHub = hubs.start(stage, FEATURE, setup, *parts, **options)
        if stage == STAGE:
            self.hub.until("what is attacked", lambda: self.hub.answers(f"{TWIN}done"))
        self.people: dict[str, Person] = {}

    def person(self, name: str) -> Person:
        """Somebody, logged in to the hub once."""
        if name not in self.people:
            self.people[name] = self.hubs.log_in(self.hub, name)
        return self.people[name]

    def with_server(self, name: str, server: str = "") -> Person:
        """Somebody whose server runs."""
        person = self.person(name)
        found = person.api("GET", f"users/{name}").json()["servers"].get(server)
        if not (found and found["ready"]):
            person.start_server(server)
        return person

    def server_token(self, name: str) -> str:
        """What any notebook of this person's finds in its environment."""
        return self.with_server(name).server_environment()["JUPYTERHUB_API_TOKEN"]

    def ask(self, token: str, path: str = "intents", method: str = "POST", **options):
        """Ask the service's API with a token."""
        with self.hub.browser() as client:
            headers = {"Authorization": f"token {token}"}
            return client.request(method, self.hub.address(API + path), headers=headers, **options)

    def intent(self, name: str, kind: str = "stop-server", **target: str) -> str:
        """An intent that this person's server asks for; its id."""
        answer = self.ask(self.server_token(name), json={"kind": kind, "target": target})
        assert answer.status_code == 201, answer.text
        return answer.json()["id"]

    def runs(self, name: str, server: str = "") -> bool:
        """Whether somebody's server runs, as the hub knows it."""
        servers = self.person("boss").api("GET", f"users/{name}").json()["servers"]
        return server in servers

    def visitor(self, name: str) -> Visitor:
        """A browser of this person's that is at the console's first page."""
        return Visitor(self, self.hubs.log_in(self.hub, name))

    def done(self) -> list[str]:
        """Whom the service that is attacked has done something for."""
        with self.hub.browser() as client:
            return client.get(self.hub.address(f"{TWIN}done")).json()

    def notes(self) -> list[dict]:
        """What mal's server wrote down."""
        path = self.hub.state / "notes-mal.jsonl"
        return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []

    def audit(self) -> list[dict]:
        """The audit log, by the one who stands behind the machine."""
        return self._rows("select * from audit order by sequence")

    def _rows(self, query: str, *arguments: object) -> list[dict]:
        store = sqlite3.connect(self.hub.state / "jupyter_2i2c.sqlite", timeout=10)
        store.row_factory = sqlite3.Row
        try:
            with store:
                return [dict(row) for row in store.execute(query, arguments)]
        finally:
            store.close()

    def age(self, intent: str) -> None:
        """Make an intent six minutes older than it is."""
        for column in ("created", "expires"):
            self._rows(
                f"update intents set {column} = strftime('%Y-%m-%d %H:%M:%f000', {column},"
                " '-6 minutes') where id = ?",
                intent,
            )


class Visitor:
    """Somebody at the console, in a browser that says what browsers say."""

    def __init__(self, scene: Scene, person: Person) -> None:
        self.scene = scene
        self.person = person
        self.client = person.browser
        self.client.headers.update(NAVIGATION)
        self.home = allow(self.client, self.see())
        assert self.home.status_code == 200, self.home.text

    def see(self, path: str = "", **options) -> httpx.Response:
        """A page of the console."""
        return self.client.get(self.scene.hub.address(CONSOLE + path), **options)

    def once(self, page: httpx.Response) -> str:
        """The one-time value of a page's form."""
        return Form(page.text).fields["once"]

    def send(self, path: str, **fields: str) -> httpx.Response:
        """Send a form to the console as it is given here."""
        return self.client.post(self.scene.hub.address(CONSOLE + path), data=fields)

    def decide(self, intent: str, decision: str = "approve", **fields: str) -> httpx.Response:
        """Open an intent, say that one asked for it, and decide it."""
        page = self.see(f"intents/{intent}")
        assert page.status_code == 200, page.text
        return self.send(
            f"intents/{intent}", once=self.once(page), decision=decision, asked="yes", **fields
        )


class Form(HTMLParser):
    """The hidden fields of a page; of those with a value each, the list in `pairs`."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.pairs: list[tuple[str, str]] = []
        self.feed(source)

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        if tag == "input" and given.get("type") == "hidden":
            self.pairs.append((given["name"], given.get("value") or ""))

    @property
    def fields(self) -> dict[str, str]:
        return dict(self.pairs)


def console_routes(directory: Path) -> list[tuple[str, str]]:
    """Every pattern that the console answers below its prefix, and a path that it fits.

    They are read from the application, so that a new one cannot be forgotten.
    """
    options = Options(
        f"sqlite:///{directory}/routes.sqlite",
        str(directory / "routes.key"),
        "/services/c/",
        drills=Drills(str(directory), 1),  # so that the pages of exports are there
    )
    administration = Administration(options, HubSettings(), "http://127.0.0.1:9/hub/api")
    application = console_app(
        administration,
        Facts(Stated()),
        client_secret="x" * 32,
        log_function=lambda handler: None,
    )
    administration.store.close()
    administration.api.close()
    found = []
    for rule in application.wildcard_router.rules:
        pattern = rule.matcher.regex.pattern.removesuffix("$").removeprefix("/services/c/")
        path = re.sub(r"\(([^()|]*)\|[^()]*\)", r"\1", pattern)  # the first of several words
        path = re.sub(r"\([^)]*\)", "boss", path).replace("/?", "").replace(".*", "no/such")
        assert re.fullmatch(pattern, path), f"say how to make a path of {pattern}"
        found.append((pattern, path))
    return found


def begin(scene, path=""):
    """A login that an attacker has begun: the address at which the hub is asked."""
    with scene.hub.browser() as client:
        answer = client.get(
            scene.hub.address(CONSOLE + path), headers=NAVIGATION, follow_redirects=False
        )
        assert answer.status_code == 302
        return answer.headers["Location"], dict(client.cookies)


def allow(client: httpx.Client, page: httpx.Response) -> httpx.Response:
    """Say yes where the hub asks whether a service or a server may know who comes."""
    if "/oauth2/authorize" not in page.url.path:
        return page
    fields: dict[str, list[str]] = {}
    for name, value in Form(page.text).pairs:
        fields.setdefault(name, []).append(value)
    return client.post(page.url, data=fields, headers={"Referer": str(page.url)})


def text(page: httpx.Response) -> str:
    """What a page says, without its tags."""
    plain = re.sub(r"<(style|title)>.*?</\1>|<[^>]+>", " ", page.text, flags=re.S)
    return " ".join(html.unescape(plain).split())
