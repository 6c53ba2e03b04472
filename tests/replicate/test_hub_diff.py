"""Two bundles of a hub compared, and a hub's own as against the defaults: each change is one line, bounded, and steers no terminal."""

import json
import sys

import pytest
import yaml
from traitlets.config import Config

from jupyter_2i2c.cli import main
from jupyter_2i2c.hub import record
from jupyter_2i2c.replicate import hub_diff, hub_view
from jupyter_2i2c.replicate.bundle import opened
from jupyter_2i2c.replicate.hub_diff import compare, hub_diff_text, own
from jupyter_2i2c.replicate.importers.bundled import bundle_of
from jupyter_2i2c.replicate.importers.infrastructure import read
from jupyter_2i2c.replicate.importers.recorded import read_record, write_bundle

from . import deployments
from .conftest import rebag

CREATED = "2026-01-31T12:00:00Z"

CODE = '''\
def allow(authenticator, handler, authentication):
    """Let in whom the list names."""
    if authentication["name"] == "guest":
        return None
    return authentication
'''

API = {
    "users": [
        {"name": "ada", "admin": False, "roles": ["user"], "kind": "user"},
        {"name": "boss", "admin": True, "roles": ["admin", "user"], "kind": "user"},
    ],
    "groups": [{"name": "class", "users": ["ada"], "properties": {}, "roles": []}],
    "services": [{"name": "culler", "admin": False, "roles": ["culler"]}],
    "info": {"version": "6.1.1", "spawner": {"class": "A"}},
    "refused": [],
}

NEWS = {
    "id": "abc", "published": "2026-11-01T08:00:00Z", "updated": "2026-11-01T08:00:00Z", "author": "boss",
    "title": "Storage is full", "body": "Please\ntidy up.\n", "severity": "info", "audience": {"kind": "everyone"},
    "starts": None, "ends": None, "show_from": None, "show_until": None, "dismissible": True,
    "acknowledge": False, "link": "",
}  # fmt: skip


def usual():
    """What the hub is configured to do."""
    c = Config()
    c.Spawner.mem_limit = "2G"
    c.Spawner.environment = {"REGION": "north", "ACCESS_TOKEN": "CANARY-one-of-these"}
    c.Authenticator.admin_users = {"boss"}
    c.Authenticator.allowed_users = {"ada", "boss"}
    c.JupyterHub.load_roles = [
        {"name": "culler", "services": ["culler"], "scopes": ["list:users", "delete:servers"]}
    ]
    c.JupyterHub.services = [{"name": "culler", "command": ["cull", "--timeout=3600"]}]
    c.KubeSpawner.profile_list = [
        {"display_name": "Small", "slug": "small", "kubespawner_override": {"mem_limit": "1G"}},
        {"display_name": "Large", "slug": "large", "kubespawner_override": {"mem_limit": "8G"}},
    ]
    return c


@pytest.fixture
def hub(tmp_path):
    """Makes a bundle of a hub: of a configuration, its file's text, its API's answers, its news."""
    numbers = iter(range(100))

    def make(change=None, code=CODE, api=API, news=(NEWS,), people=True, edit=None):
        top = tmp_path / f"hub-{next(numbers)}"
        top.mkdir()
        c = usual()
        if change:
            change(c)
        file = top / "jupyterhub_config.py"
        file.write_text(code)
        named = {}
        exec(compile(code, str(file), "exec"), named)
        c.Authenticator.post_auth_hook = named["allow"]
        record.write(top / "record.json", c, file, top)
        document = read_record(top / "record.json")
        if edit:
            edit(document)
        place = top / "bundle"
        write_bundle(
            document, place, api=api, announcements=list(news), people=people, created=CREATED
        )
        return place

    return make


def difference(one, other):
    with opened(one) as first, opened(other) as second:
        return compare(first, second)


def told(found):
    """Each change but the dates, as (kind, what) to (before, after)."""
    return {(each.kind, each.what): (each.before, each.after) for each in found.changes}


def test_a_hub_that_did_not_change(hub, capsys):
    one, other = hub(), hub()
    assert main(["diff", str(one), str(other)]) == 0
    said = capsys.readouterr().out
    assert said.startswith("no differences; ")
    assert "no bundle has their values" in said
    found = difference(one, other)
    assert not found.differs
    assert found.same > 50


def added_service(c):
    c.JupyterHub.services = [
        *c.JupyterHub.services, {"name": "grader", "url": "http://127.0.0.1:9000", "api_token": "CANARY-grader-token"},
    ]  # fmt: skip


def new_profile(c):
    first = {"display_name": "Huge", "slug": "huge", "kubespawner_override": {"mem_limit": "64G"}}
    c.KubeSpawner.profile_list = [first, *c.KubeSpawner.profile_list]


def wider_role(c):
    c.JupyterHub.load_roles[0]["scopes"] = ["list:users", "delete:servers", "admin:users"]


def other_region(c):
    c.Spawner.environment["REGION"] = "south"


def no_limit(c):
    del c.Spawner["mem_limit"]


def more_people(c):
    c.Authenticator.allowed_users = {"ada", "boss", "mal"}


SCOPES = '["list:users", "delete:servers"]'

CHANGES = [
    (no_limit, {("removed", "Spawner.mem_limit"): ('"2G"', "")}),
    (other_region, {("changed", "Spawner.environment.REGION"): ('"north"', '"south"')}),
    (wider_role, {("changed", "JupyterHub.load_roles[culler].scopes"): (SCOPES, f'{SCOPES[:-1]}, "admin:users"]')}),
    (new_profile, {("added", "KubeSpawner.profile_list[huge]"):
                   ("", 'display_name "Huge", kubespawner_override.mem_limit "64G"')}),
    (added_service, {
        ("added", "JupyterHub.services[grader]"):
            ("", 'api_token <secret:JUPYTERHUB_SERVICES_GRADER_API_TOKEN>, url "http://127.0.0.1:9000"'),
        ("added", "JUPYTERHUB_SERVICES_GRADER_API_TOKEN"): ("", "a slot; nothing to do where the hub makes it"),
    }),
    (more_people, {("changed", "Authenticator.allowed_users"): ('["ada", "boss"]', '["ada", "boss", "mal"]')}),
]  # fmt: skip


@pytest.mark.parametrize(("change", "wanted"), CHANGES)
def test_what_was_changed_and_nothing_else_is_told(hub, change, wanted):
    assert told(difference(hub(), hub(change))) == wanted


def test_an_edited_hook_is_told_with_the_lines_that_differ(hub, capsys):
    one, other = hub(), hub(code=CODE.replace('"guest"', '"visitor"'))
    assert main(["diff", str(one), str(other), "--json"]) == 1
    found = json.loads(capsys.readouterr().out)
    assert [(each["layer"], each["what"], each["kind"]) for each in found["changes"]] == [
        ("login", "Authenticator.post_auth_hook", "changed"),
        ("code", "jupyterhub_config.py", "changed"),
    ]
    hook, file = found["changes"]
    assert hook["before"].startswith("function allow, bytecode ")
    assert hook["before"] != hook["after"]
    lines = file["diff"].splitlines()
    assert '-    if authentication["name"] == "guest":' in lines
    assert '+    if authentication["name"] == "visitor":' in lines
    assert (file["before"], file["after"]) == ("5 lines", "5 lines")


def test_people_groups_and_what_the_api_says(hub):
    changed = json.loads(json.dumps(API))
    changed["users"][0]["admin"] = True
    changed["users"].append({"name": "mal", "admin": False, "roles": ["user"], "kind": "user"})
    changed["groups"] = []
    changed["info"]["version"] = "6.2.0"
    assert told(difference(hub(), hub(api=changed))) == {
        ("changed", "users[ada].admin"): ("false", "true"),
        ("added", "users[mal]"): ("", 'admin false, kind "user", roles ["user"]'),
        ("changed", "users"): ("2", "3"),
        ("removed", "groups[class]"): ('users ["ada"]', ""),
        ("changed", "info.version"): ('"6.1.1"', '"6.2.0"'),
    }


def test_without_consent_people_are_counted_and_not_named(hub):
    more = {**API, "users": [*API["users"], {"name": "mallory"}]}
    found = difference(hub(people=False), hub(api=more, people=False))
    assert told(found) == {("changed", "users"): ("2", "3")}
    assert "mallory" not in json.dumps(found.to_json())
    # one that has the names and one that has not are compared by what both have
    notes = difference(hub(), hub(people=False)).notes
    assert any(each.startswith("users: only the first bundle has that") for each in notes)


def test_announcements_are_told_by_their_fields(hub):
    edited = {**NEWS, "body": "Please\ntidy up now.\n", "severity": "incident"}
    new = {**NEWS, "id": "def", "title": "Another", "body": ""}
    found = difference(hub(), hub(news=(edited, new)))
    assert [(each.kind, each.what) for each in found.changes] == [
        ("changed", "announcements[abc].body"),
        ("changed", "announcements[abc].severity"),
        ("added", "announcements[def]"),
    ]
    assert found.changes[0].diff.splitlines()[-2:] == ["-tidy up.", "+tidy up now."]
    assert found.changes[2].after.startswith('title "Another"')


def test_packages_and_variables(hub):
    def edit(document):
        document["versions"]["tornado"] = "1.2.3"
        document["versions"].pop("traitlets")
        document["environment"]["REGION"] = "north"

    changes = told(difference(hub(), hub(edit=edit)))
    assert changes["changed", "packages.tornado"][1] == '"1.2.3"'
    assert ("removed", "packages.traitlets") in changes
    assert changes["added", "variables.REGION"] == ("", '"north"')
    assert len(changes) == 3


def test_another_python_does_not_make_every_function_differ(hub):
    def edit(document):
        document["machine"]["python"] = "3.99.1"
        document["config"]["Authenticator.post_auth_hook"]["$code"]["bytecode"] = "0" * 64

    found = difference(hub(), hub(edit=edit))
    assert not found.differs
    assert any("compared by name" in each for each in found.notes)


HOSTILE = "64G\x1b]0;owned\x07\u202e\x9b31m"


def test_no_bundle_steers_a_terminal(hub):
    def change(c):
        c.Spawner.mem_limit = HOSTILE
        c.JupyterHub.services[0][HOSTILE] = HOSTILE

    edited = {**NEWS, "body": f"{NEWS['body']}{HOSTILE}\n"}
    found = difference(
        hub(), hub(change, news=(edited,), code=f"# a word\nX = '{HOSTILE[:4]}'\n{CODE}")
    )
    said = hub_diff_text(found) + json.dumps(found.to_json(), ensure_ascii=False)
    assert "64G" in said
    assert not {each for each in said if not each.isprintable() and each != "\n"}
    assert "owned" in found.changes[-1].diff + json.dumps(found.to_json())


def test_no_secret_of_either_is_told(hub):
    def change(c):
        c.Spawner.environment["ACCESS_TOKEN"] = "CANARY-another-of-these"
        added_service(c)

    found = difference(hub(), hub(change))
    assert "CANARY" not in json.dumps(found.to_json())
    assert ("changed", "Spawner.environment.ACCESS_TOKEN") not in told(found)


def test_what_is_long_is_shown_where_it_differs(hub):
    def long(number):
        def change(c):
            c.Spawner.environment["REGION"] = "a" * 5000 + str(number) + "b" * 5000

        return change

    (change,) = difference(hub(long(1)), hub(long(2))).changes
    assert "a1b" in change.before
    assert "a2b" in change.after
    assert max(len(change.before), len(change.after)) < 300

    def many(count):
        def change(c):
            c.Authenticator.allowed_users = {f"user-{each}" for each in range(count)}

        return change

    (change,) = difference(hub(many(5000)), hub(many(5001))).changes
    assert (change.before, change.after) == ("5000 members", '5001 members; only here: "user-5000"')


def test_what_is_much_is_counted(hub, monkeypatch):
    monkeypatch.setattr(hub_diff, "MOST_CHANGES", 5)

    def change(c):
        c.Spawner.environment.update({f"V{each}": "x" for each in range(20)})

    found = difference(hub(), hub(change))
    assert (len(found.changes), found.left_out) == (5, 15)
    assert "and 15 more" in hub_diff_text(found)
    assert "20 differences" in hub_diff_text(found)
    assert found.to_json()["left_out"] == 15


def test_a_text_is_not_compared_for_ever(hub, monkeypatch):
    long = "\n".join(f"x{each} = {each}" for each in range(300))
    other = "\n".join(f"x{each} = {each + 1}" for each in range(300))
    (change,) = [each for each in difference(hub(code=CODE + long), hub(code=CODE + other)).changes
                 if each.layer == "code"]  # fmt: skip
    assert len(change.diff.splitlines()) == 81
    assert change.diff.splitlines()[-1].endswith("more lines")
    monkeypatch.setattr("jupyter_2i2c.replicate.hub_change.MOST_LINES", 100)
    (change,) = [each for each in difference(hub(code=CODE + long), hub(code=CODE + other)).changes
                 if each.layer == "code"]  # fmt: skip
    assert change.diff == "too long to be compared line by line"


def test_all_texts_together_are_bounded_too(hub, monkeypatch):
    monkeypatch.setattr(hub_diff, "MOST_COMPARED", len(CODE))
    found = difference(hub(), hub(code=CODE.replace("guest", "visitor")))
    (change,) = [each for each in found.changes if each.layer == "code"]
    assert change.diff == "too much to be compared"


def test_changes_stand_in_the_order_of_the_layers(hub):
    def change(c):
        c.AAuthenticator.x = 1
        c.ASpawner.x = 1
        wider_role(c)

    found = difference(hub(), hub(change))
    layers = [each.layer for each in found.changes]
    assert layers == ["login", "roles", "spawner"]
    assert list(found.titles) == layers
    assert found.to_json() == difference(hub(), hub(change)).to_json()


def test_true_is_not_one(hub):
    def valued(value):
        def change(c):
            c.Spawner.x = value

        return change

    assert told(difference(hub(valued(1)), hub(valued(True)))) == {
        ("changed", "Spawner.x"): ("1", "true")
    }


def test_a_file_of_fifty_megabytes_is_not_looked_into(hub, tmp_path, capsys):
    one, other = hub(), hub()
    with (other / "data" / "hub" / "users.json").open("ab") as file:
        file.truncate(50 << 20)
    assert main(["diff", str(one), str(other)]) == 2
    assert "more than 16 MiB" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("hub/config.observed.json", "{", "is no JSON"),
        ("hub/config.observed.json", '{"config": []}', "not as it was written"),
        ("hub/announcements.json", '[{"title": "x"}]', "not as it was written"),
        ("hub/users.json", "[" * 100_000, "not as it was written"),
    ],
)
def test_a_damaged_bundle_is_refused_in_one_line(hub, capsys, name, text, said):
    one, other = hub(), hub()
    (other / "data" / name).write_text(text)
    assert main(["diff", str(one), str(other)]) == 2
    printed = capsys.readouterr().err
    assert said in printed
    assert printed.count("\n") == 1


def test_a_hub_is_compared_with_a_hub(hub, bundle, capsys):
    place = str(hub())
    assert main(["diff", place, str(bundle)]) == 2
    assert "holds no hub but one person's environment" in capsys.readouterr().err
    assert main(["diff", str(bundle), place]) == 2
    assert "is of a hub, and" in capsys.readouterr().err
    assert main(["diff", place]) == 2
    assert "--defaults" in capsys.readouterr().err
    assert main(["diff", "--defaults", place, place]) == 2
    assert "only one" in capsys.readouterr().err
    assert main(["diff", "--defaults", str(bundle)]) == 2
    assert "holds no hub" in capsys.readouterr().err


def test_members_without_names_are_told_apart_by_their_number():
    value = [{"name": "a"}, {"name": "a"}, {"name": "b"}]
    assert [hub_view.dotted(key) for key, _, _ in hub_view.flat(value, (".x",))] == [
        "x[a].name", "x[a (2)].name", "x[b].name",
    ]  # fmt: skip
    assert [hub_view.dotted(key) for key, _, _ in hub_view.flat([{"v": 1}, [2, {}]], (".x",))] == [
        "x[0].v", "x[1][0]", "x[1][1]",
    ]  # fmt: skip
    (deep,) = hub_view.flat(_nested(200))
    assert len(deep[0]) == hub_view.DEEPEST + 1


def _nested(depth):
    value = 1
    for _ in range(depth):
        value = {"a": value}
    return value


# --- a hub's own ----------------------------------------------------------------------------


def own_of(place, chart=None):
    with opened(place) as bundle:
        return own(bundle, chart)


def test_a_running_hubs_own_as_against_jupyterhubs_defaults(hub, capsys):
    def change(c):
        c.Spawner.default_url = ""  # as it is anyway
        c.MySpawner.size = 3
        c.JupyterHub.bind_url = "http://127.0.0.1:8000/hub/"  # whose default is computed

    place = hub(change)
    assert main(["diff", "--defaults", str(place)]) == 0
    said = capsys.readouterr().out
    assert '~ Spawner.mem_limit: null, now "2G"' in said
    assert "Spawner.default_url" not in said
    assert "+ MySpawner.size: 3, default not known" in said
    assert '+ JupyterHub.bind_url: "http://127.0.0.1:8000/hub/", default not known' in said
    assert "+ JupyterHub.services[culler]: " in said
    assert "+ jupyterhub_config.py: 5 lines" in said
    assert "users[" not in said
    assert "defaults of settings: jupyterhub " in said
    found = own_of(place)
    assert told(found)["added", "MySpawner.size"] == ("not known", "3")


def test_defaults_of_another_version_are_not_known(hub):
    def edit(document):
        document["versions"]["jupyterhub"] = "5.0.0"

    found = own_of(hub(edit=edit))
    assert told(found)["added", "Spawner.mem_limit"] == ("not known", '"2G"')
    assert any("the defaults of jupyterhub 5.0.0 are not known" in each for each in found.notes)


def test_nothing_of_the_bundle_is_imported(hub, monkeypatch):
    def edit(document):
        document["versions"]["antigravity"] = "1"
        document["config"]["antigravity.Spawner.x"] = 1

    before = set(sys.modules)
    own_of(hub(edit=edit))
    assert "antigravity" not in set(sys.modules) - before


@pytest.fixture(scope="module")
def checkout(tmp_path_factory):
    return deployments.write(tmp_path_factory.mktemp("own") / "checkout")


@pytest.fixture
def deployed(checkout, tmp_path):
    """Makes a bundle of the hub `reef`, of a checkout in which files were changed."""
    numbers = iter(range(100))

    def make(source=None):
        place = tmp_path / f"deployed-{next(numbers)}"
        return bundle_of(source or read(checkout, "sea", "reef"), place, created=CREATED).place

    return make


def test_a_deployed_hubs_own_has_file_and_line(deployed):
    found = own_of(deployed())
    changes = {each.what: each for each in found.changes}
    assert found.same > 10
    assert {each.source.rpartition("/")[0] for each in found.changes if each.source} == {
        "config/clusters/sea"
    }
    for each in found.changes:
        if each.kind == "changed":
            assert each.before != each.after
            assert each.source
    assert any(each.startswith("defaults: ") and "z2jh" in each for each in found.notes)
    own_code = [each for each in found.changes if each.layer == "code"]
    assert own_code
    assert "chart.version" not in changes


def test_what_other_hubs_of_the_cluster_share_is_told_apart_from_what_is_this_hubs_alone(
    deployed, tmp_path, capsys
):
    values = yaml.safe_load(deployments.REEF)
    values["jupyterhub"]["cull"] = {"timeout": 900}
    common = yaml.safe_load(deployments.COMMON)
    # the culler's timeout is set by both: the hub's own file says the last word
    common["jupyterhub"]["cull"] = {"timeout": 60, "maxAge": None}
    common["jupyterhub"]["singleuser"] = {"profileList": [{"display_name": "Small", "slug": "s"}]}
    cluster = deployments.CLUSTER.replace(
        "  - lagoon.values.yaml", "  - ../sea/common.values.yaml\n  - lagoon.values.yaml"
    )
    assert cluster != deployments.CLUSTER
    files = {
        **deployments.with_reef(values),
        "config/clusters/sea/common.values.yaml": yaml.safe_dump(common),
        "config/clusters/sea/cluster.yaml": cluster,
    }
    place = deployed(read(deployments.write(tmp_path / "shared", files), "sea", "reef"))
    found = own_of(place)
    shared = {each.what: each.shared for each in found.changes}
    assert shared["jupyterhub.cull.timeout"] == 0
    assert shared["jupyterhub.cull.maxAge"] == 1  # a default that the shared file deletes
    assert shared["jupyterhub.custom.2i2c.add_staff_user_ids_of_type"] == 1
    assert {each.source.partition(":")[0].rpartition("/")[2]
            for each in found.changes if each.shared and each.source} == {"common.values.yaml"}  # fmt: skip
    told = {each["what"]: each.get("shared") for each in found.to_json()["changes"]}
    assert told["jupyterhub.cull.maxAge"] == 1
    assert told["jupyterhub.cull.timeout"] is None
    assert main(["diff", "--defaults", str(place)]) == 0
    said = capsys.readouterr().out
    mine, _, theirs = said.partition("Shared with other hubs of its cluster (")
    assert mine.startswith("This hub's own (")
    assert "jupyterhub.cull.timeout: 3600, now 900" in mine
    assert "jupyterhub.cull.maxAge: 604800" in theirs
    number = sum(bool(each) for each in shared.values())
    assert theirs.startswith(f"{number})")
    assert f"{number} of them shared with other hubs of its cluster; " in theirs


def test_where_no_other_hub_lists_a_file_nothing_is_shared(deployed, capsys):
    place = deployed()
    assert not any(each.shared for each in own_of(place).changes)
    assert main(["diff", "--defaults", str(place)]) == 0
    assert "hared with" not in capsys.readouterr().out


def test_of_a_bundle_that_does_not_say_what_is_shared_that_is_said(deployed, tmp_path):
    place = deployed()
    path = place / "data" / "hub" / "hub.json"
    told = json.loads(path.read_text())
    assert [each["shared"] for each in told["layers"] if "shared" in each] == [0, 0, 0]
    for each in told["layers"]:
        each.pop("shared", None)
    path.write_text(json.dumps(told))
    rebag(place)
    notes = own_of(place).notes
    assert any(each.startswith("what other hubs of the cluster share is listed") for each in notes)


def culled_after(tmp_path, seconds, **files):
    """The hub `reef` with another time of the culler; None deletes the default."""
    values = yaml.safe_load(deployments.REEF)
    values["jupyterhub"]["cull"] = {"timeout": seconds, "maxAge": 5}
    files = {**deployments.with_reef(values), **files}
    return read(deployments.write(tmp_path / f"checkout-{seconds}", files), "sea", "reef")


def test_a_default_that_a_null_deletes_is_removed(deployed, tmp_path):
    found = own_of(deployed(culled_after(tmp_path, None)))
    assert told(found)["removed", "jupyterhub.cull.timeout"] == ("3600", "")


def test_a_default_that_the_template_deletes_is_none(deployed, tmp_path):
    template = deployments.UMBRELLA.replace("maxAge: 604800", "maxAge: null")
    assert template != deployments.UMBRELLA
    files = {"helm-charts/basehub/values.yaml": template}
    source = read(deployments.write(tmp_path / "checkout", files), "sea", "reef")
    assert "maxAge" not in source.values["jupyterhub"]["cull"]
    found = own_of(deployed(source))
    assert not any(each.what == "jupyterhub.cull.maxAge" for each in found.changes)


def test_two_captures_of_a_deployed_hub(deployed, tmp_path):
    found = difference(deployed(), deployed(culled_after(tmp_path, 900)))
    change = next(each for each in found.changes if each.what == "jupyterhub.cull.timeout")
    assert len(found.changes) == 2
    assert (change.layer, change.what, change.kind, change.before, change.after) == (
        "culling", "jupyterhub.cull.timeout", "changed", "3600", "900",
    )  # fmt: skip
    assert change.source.startswith("config/clusters/sea/reef.values.yaml:")


def test_where_the_charts_defaults_are_not_known_that_is_said(deployed, tmp_path):
    place = deployed(
        culled_after(tmp_path, 3600, **{"vendored/jupyterhub-4.3.3/values.yaml": None})
    )
    without = own_of(place)
    assert any("give the chart with --chart DIR" in each for each in without.notes)
    assert told(without)["added", "jupyterhub.cull.timeout"] == ("", "3600")
    chart = tmp_path / "chart"
    chart.mkdir()
    (chart / "values.yaml").write_text(deployments.Z2JH)
    (chart / "values.schema.yaml").write_text("type: object\n")
    found = own_of(place, chart)
    assert not any("--chart" in each for each in found.notes)
    assert not any(each.what == "jupyterhub.cull.timeout" for each in found.changes)
    # what only the chart says is not the hub's to have removed
    assert not any(each.what == "jupyterhub.cull.enabled" for each in found.changes)
