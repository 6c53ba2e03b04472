"""The guide for a community that leaves: what of a hub it must name, and that nobody's text becomes markup in it."""

import argparse
import json
import re
import shlex
import shutil
import subprocess
import sys
from copy import deepcopy
from dataclasses import replace

import pytest
from traitlets.config import Config

from jupyter_2i2c.cli import _parser, main
from jupyter_2i2c.hub import record
from jupyter_2i2c.replicate.bundle import opened
from jupyter_2i2c.replicate.guide import guide
from jupyter_2i2c.replicate.guide.text import code, escaped
from jupyter_2i2c.replicate.importers.bundled import bundle_of, source_of
from jupyter_2i2c.replicate.importers.infrastructure import read_from
from jupyter_2i2c.replicate.importers.recorded import HUB_MAKES_IT, read_record, write_bundle
from jupyter_2i2c.replicate.manifest import Manifest
from jupyter_2i2c.replicate.targets.k8s.planning import design

from . import k8s_hub
from .test_corpus_k8s import HUBS, checkout

CREATED = "2026-01-31T12:00:00Z"


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    return tmp_path_factory.mktemp("guide")


@pytest.fixture(scope="module")
def source(place):
    return k8s_hub.source(place / "repository")


@pytest.fixture(scope="module")
def bundle(source, place):
    return bundle_of(source, place / "field", created=CREATED).place


@pytest.fixture(scope="module")
def text(bundle):
    return read(bundle)


@pytest.fixture(scope="module")
def recorded(place):
    file = place / "jupyterhub_config.py"
    file.write_text("c = get_config()\nc.JupyterHub.cookie_secret = b'CANARY' * 8\n")
    c = Config()
    c.JupyterHub.cookie_secret = b"CANARY" * 8
    record.write(place / "record.json", c, file, place)
    return write_bundle(
        read_record(place / "record.json"), place / "plain", name="Sea school", created=CREATED
    ).place


def read(place):
    with opened(place) as bundle:
        return guide(bundle)


def section(text, title):
    return text.split(f"\n## {title}\n")[1].split("\n## ")[0]


def commands(text):
    for block in re.findall(r"```shell\n(.*?)```", text, re.S):
        yield from block.splitlines()


def missing_from(text, source, manifest):
    """What a reader would have to ask somebody for."""
    planned = design(source)
    wanted = [each.name for each in source.secrets if each.effective]
    wanted += [each.name for each in planned.placeholders]
    wanted += [escaped(each) for each in planned.plan.needs]
    wanted += [escaped(step.what) for step in planned.plan.of_kind("chart")]
    wanted += [escaped(each.what) for each in manifest.not_captured]
    wanted += [
        each.id.partition(":")[2] for each in manifest.items if each.status == "not-captured"
    ]
    return [each for each in wanted if each not in text]


def test_it_names_all_that_is_to_be_decided_supplied_and_made(text, source, bundle):
    with opened(bundle) as opened_bundle:
        manifest = opened_bundle.manifest()
    assert missing_from(text, source, manifest) == []
    assert text.startswith("# Leaving with Field school\n")
    assert "`field.example.org`" in section(text, "Decide first")
    assert "`GITHUBOAUTHENTICATOR_CLIENT_SECRET`" in section(text, "Secrets to supply")
    assert "Google Cloud" in section(text, "Skills")
    assert "`north-scratch`" in section(text, "Ask the old operator for")
    assert "`replace-me-disk`" in section(text, "What belongs to the old place")


def test_what_others_must_issue_comes_first(source, tmp_path):
    own = replace(source.secrets[0], name="A_KEY", kind="api-key", issued_by="you")
    more = replace(source, secrets=(own, *source.secrets))
    text = read(bundle_of(more, tmp_path / "bundle", created=CREATED).place)
    rows = section(text, "Secrets to supply").splitlines()
    issuers = [row.split(" | ")[2] for row in rows if row.startswith("| `")]
    assert issuers[:3] == ["GitHub", "GitHub", "you"]


def test_a_setting_that_was_encrypted_is_no_secret(text):
    assert "IMAGE_PULL_SECRET_CREATE" not in section(text, "Secrets to supply")
    assert "IMAGE_PULL_SECRET_CREATE" in section(text, "Encrypted, and more than a credential")


def test_the_same_bundle_gives_the_same_guide(bundle, text, tmp_path):
    assert read(shutil.copytree(bundle, tmp_path / "field")) == text


def test_steps_are_numbered_and_say_who_and_when_done(text):
    steps = section(text, "Steps, in order").split("\n### ")[1:]
    assert [each.split(".")[0] for each in steps] == [str(n) for n in range(1, len(steps) + 1)]
    people = section(text, "People")
    for each in steps:
        who = re.search(r"^_(.+)_$", each, re.M)[1]
        assert f"| {who} |" in people
        assert "\nDone when " in each


def test_it_says_where_names_of_people_are_to_be_given(text, source, tmp_path):
    steps = section(text, "Steps, in order")
    assert "* names at `/hub/config/Authenticator/admin_users` of `values.yaml`: name" in steps
    with_people = bundle_of(source, tmp_path / "with", with_people=True, created=CREATED).place
    assert "* names at" not in read(with_people)
    nobody = k8s_hub.source(
        tmp_path / "nobody", hub=k8s_hub.HUB.replace("admin_users: [ada]", "any_allow_config: true")
    )
    alone = read(bundle_of(nobody, tmp_path / "alone", created=CREATED).place)
    assert "nobody administers the hub unless the login says so" in alone


def test_it_says_that_staff_was_taken_out_only_where_it_was(source, tmp_path):
    made = deepcopy(source.values)
    made["jupyterhub"].setdefault("custom", {})["2i2c"] = {"staff_github_ids": ["keeper"]}
    top = replace(source.layers[-1], values=made)
    staffed = replace(source, values=made, layers=(*source.layers[:-1], top))
    for keep in (False, True):
        place = bundle_of(staffed, tmp_path / str(keep), with_staff=keep, created=CREATED).place
        assert ("staff was taken out" in section(read(place), "Decide first")) is not keep


def test_its_commands_work_in_order(text, bundle, place, tmp_path, capsys):
    shutil.copytree(bundle, tmp_path / bundle.name)
    # test_elsewhere_story.py types what asks a hub that runs
    ours = [
        each for each in commands(text) if each.startswith("jupyter 2i2c ") and "--live" not in each
    ]
    assert [each.split()[2] for each in ours] == ["inspect", "plan", "build", "verify", "verify"]
    names = {each: str(tmp_path / each) for each in ("field", "for-kubernetes")}
    names["jupyterhub"] = str(place / "repository" / "charts" / "jupyterhub-4.3.3")
    for each in ours:
        words = [names.get(word, word) for word in each.split()[2:]]
        assert main(words) == 0, capsys.readouterr()
    greps = [each for each in commands(text) if each.startswith(("grep", "(cd"))]
    assert len(greps) == 3
    found = [
        subprocess.run(["bash", "-c", each], cwd=tmp_path, capture_output=True, text=True).stdout
        for each in greps
    ]
    assert found[0] == ""
    assert "replace-me-hub-domain" in found[1]
    assert "GITHUBOAUTHENTICATOR_CLIENT_ID" in found[2]
    for path in (tmp_path / "for-kubernetes").rglob("*.yaml"):
        filled = re.sub(r"<secret:[A-Z]\w*>", "given", path.read_text())
        path.write_text(filled.replace("replace-me-", "ours-"))
    for each in greps[1:]:
        assert subprocess.run(["bash", "-c", each], cwd=tmp_path, capture_output=True).stdout == b""


TOOLS = {"(cd", ".", "age", "grep", "helm", "kubectl", "npm", "python3", "read", "replica/start", "rsync", "skopeo", "sudo",
         "tar", "unzip"}  # fmt: skip


def is_known(parser, words):
    """Whether the command line has these verbs and options; values may be missing."""
    for word in words:
        if word.startswith("-"):
            assert word.partition("=")[0] in parser._option_string_actions, (parser.prog, word)
            continue
        verbs = [each for each in parser._actions if isinstance(each, argparse._SubParsersAction)]
        if verbs:
            assert word in verbs[0].choices, (parser.prog, word)
            parser = verbs[0].choices[word]


def test_every_command_in_it_exists(text, recorded):
    for guide_text in (text, read(recorded)):
        ours = 0
        for line in commands(guide_text):
            words = shlex.split(line.strip("()"))
            if line.startswith("jupyter 2i2c "):
                _parser().parse_args(words[2:])
                ours += 1
            else:
                assert line.split()[0] in TOOLS, line
        for line in re.findall(r"`jupyter 2i2c ([^`]+)`", guide_text):
            is_known(_parser(), shlex.split(line))
            ours += 1
        assert ours >= 8


def test_both_guides_leave_out_no_step_and_no_decision(text, recorded):
    for each in (text, read(recorded)):
        titles = re.findall(r"^### \d+\. (.+)$", each, re.M)
        wanted = ["Check what you have", "Decide", "Try it", "Back it up", "Tell people", "Move the data",
                  "Let the address lead there", "Help people", "Close the old hub", "Keep it so"]  # fmt: skip
        assert [title for title in titles if title in wanted] == wanted
        questions = section(each, "Decide first")
        for word in (
            "pays",
            "address",
            "tried",
            "login",
            "administers",
            "files",
            "day",
            "backups",
            "answers",
        ):
            assert re.search(rf"^\| [^|]*{word}", questions, re.M), word
        # whoever is named for a step is listed
        people = section(each, "People")
        for who in re.findall(r"^_(Who .+)_$", each, re.M):
            assert f"| {who} |" in people


def test_it_says_what_makes_a_persons_name_and_which_images_to_keep(tmp_path):
    lines = "      GenericOAuthenticator: {username_claim: email}\n      Authenticator:\n"
    hub = k8s_hub.source(
        tmp_path / "repository", hub=k8s_hub.changed(k8s_hub.HUB, "      Authenticator:\n", lines)
    )
    text = read(bundle_of(hub, tmp_path / "bundle", created=CREATED).place)
    assert "`github`; people are named by `email`" in text
    assert "* `example/image:2026.04.29`" in section(text, "Steps, in order")
    assert "`https://example.org/pages`, branch `main`" in section(text, "Ask the old operator for")


def test_nodes_are_labelled_where_the_hub_asks_for_it(text, tmp_path):
    line = "\nkubectl label nodes NODE hub.jupyter.org/node-purpose=user\n"
    assert line not in text
    asks = "  scheduling: {userPods: {nodeAffinity: {matchNodePurpose: require}}}\n  singleuser:\n"
    hub = k8s_hub.changed(k8s_hub.HUB, "  singleuser:\n", asks)
    made = k8s_hub.source(tmp_path / "repository", hub=hub)
    assert line in read(bundle_of(made, tmp_path / "bundle", created=CREATED).place)


def test_what_the_hub_makes_is_no_secret_to_supply(recorded, tmp_path):
    copy = shutil.copytree(recorded, tmp_path / "made")
    file = copy / "data" / "manifest.json"
    manifest = json.loads(file.read_text())
    manifest["secrets"] += [{"slot": "MADE", "where": "at its start", "how": HUB_MAKES_IT}]
    file.write_text(json.dumps(manifest))
    assert "MADE" not in read(copy)


def test_of_a_hub_that_was_captured_where_it_runs(recorded):
    text = read(recorded)
    assert text.startswith("# Leaving with Sea school\n")
    assert "`JUPYTERHUB_COOKIE_SECRET`" in section(text, "Secrets to supply")
    assert "CANARY" not in text
    assert "`JupyterHub.spawner_class`" in section(text, "What will be different")
    assert "`--target tljh`" in section(text, "Where it can go")
    assert "the hub's API was not asked" in section(text, "Not in the bundle")


def test_of_one_machine_it_says_what_the_configuration_says(place, tmp_path):
    c = Config()
    c.JupyterHub.public_url = "https://hub.sea.example/"
    c.JupyterHub.active_server_limit = 40
    c.Spawner.mem_limit = "2G"
    c.Authenticator.admin_users = {"ada", "grace"}
    file = tmp_path / "jupyterhub_config.py"
    file.write_text("c = get_config()\n")
    record.write(tmp_path / "record.json", c, file, tmp_path)
    document = read_record(tmp_path / "record.json")
    text = read(write_bundle(document, tmp_path / "bundle", created=CREATED).place)
    questions = section(text, "Decide first")
    assert "| Under which address? | `https://hub.sea.example/` |" in questions
    assert "a server may take `2G`, at most `40` servers run" in questions
    assert "whom the configuration names: 2" in questions


def test_nobodys_text_becomes_markup(source, tmp_path):
    evil = "x\n# Owned\n<script>|[go](javascript:1) ![](http://a) `a|b` \x1b[2J & ~~b~~"
    hub = replace(source.hub, display_name=evil, region=evil)
    text = read(bundle_of(replace(source, hub=hub), tmp_path / "bundle", created=CREATED).place)
    assert "\n# Owned" not in text
    assert "<script" not in text
    assert "\x1b" not in text
    assert "](javascript" not in text.replace("\\](", "")
    assert "\\|\\[go\\](javascript:1)" in text
    plain = re.sub(r"\\\|", "", text)
    for row in section(plain, "The hub").splitlines():
        assert not row.startswith("|") or row.count("|") == 3, row


def test_words_of_code_are_code_and_nothing_else():
    assert escaped("a `b|c` *d*") == "a `b\\|c` \\*d\\*"
    assert escaped("one ` alone") == "one \\` alone"
    assert escaped("servers!user of a_b_c") == "servers!user of a_b_c"
    assert escaped("_no_ ![no](no)") == "\\_no\\_ !\\[no\\](no)".replace("!", "\\!")
    assert escaped("two\nlines") == "two lines"
    assert code("a`b") == "`a'b`"


def test_announcements_are_restored_where_the_bundle_has_them(bundle, text, recorded, tmp_path):
    assert "announce restore" not in text
    assert "restores the announcements" not in read(recorded)
    for place in (bundle, recorded):
        copy = shutil.copytree(place, tmp_path / f"a {place.name}")
        file = copy / "data" / "manifest.json"
        manifest = json.loads(file.read_text())
        path = "hub/announcements.json"
        gone = {each["id"]: each for each in manifest["items"]}
        gone["announcements:list"] = {
            "id": "announcements:list", "layer": "announcements", "status": "captured", "evidence": "x",
            "source": "c", "path": path, "sha256": "0" * 64,
        }  # fmt: skip
        manifest["items"] = list(gone.values())
        file.write_text(json.dumps(manifest))
    deployed = read(tmp_path / f"a {bundle.name}")
    (command,) = [each for each in commands(deployed) if "announce" in each]
    assert command == (
        "kubectl exec --stdin --namespace field deployment/hub -- jupyter 2i2c announce restore -"
        f" < 'a {bundle.name}'/data/hub/announcements.json"
    )
    assert "restores the announcements" in read(tmp_path / f"a {recorded.name}")


def test_a_name_that_a_shell_would_take_apart_is_quoted(bundle, tmp_path):
    text = read(shutil.copytree(bundle, tmp_path / "a b;c"))
    assert "jupyter 2i2c inspect 'a b;c'\n" in text


@pytest.mark.parametrize("name", ["packed.tar.zst", "packed.zip"])
def test_of_one_file_it_says_how_to_unpack_it(source, tmp_path, name):
    text = read(bundle_of(source, tmp_path / name, created=CREATED).place)
    lines = list(commands(text))[:6]
    assert lines[5] == "jupyter 2i2c inspect packed"
    program = lines[0].split()[0]
    if shutil.which(program) is None:
        lines[0] = f"{shlex.quote(sys.executable)} -m zipfile -e {name} ."
        assert program == "unzip"
    script = "set -e\n" + "\n".join(lines[:2])
    subprocess.run(["bash", "-c", script], cwd=tmp_path, check=True)


def test_where_the_bundle_is_called_by_a_dot_it_still_has_a_name(bundle, text, monkeypatch, capsys):
    monkeypatch.chdir(bundle)
    assert main(["guide", "."]) == 0
    assert capsys.readouterr().out == text


def test_it_is_written_to_a_file_or_printed(bundle, text, tmp_path, capsys):
    assert main(["guide", str(bundle)]) == 0
    assert capsys.readouterr().out == text
    assert main(["guide", str(bundle), "-o", str(tmp_path / "guide.md")]) == 0
    assert (tmp_path / "guide.md").read_text() == text
    assert capsys.readouterr().out == ""
    assert main(["guide", str(bundle), "-o", str(tmp_path / "no" / "guide.md")]) == 2
    assert "cannot be written" in capsys.readouterr().err


def test_a_bundle_of_a_person_has_no_such_guide(bundle, tmp_path, capsys):
    other = shutil.copytree(bundle, tmp_path / "home")
    path = other / "data" / "manifest.json"
    told = json.loads(path.read_text())
    assert Manifest(**{**told, "kind": "home"}).kind == "home"
    path.write_text(json.dumps({**told, "kind": "home"}))
    assert main(["guide", str(other)]) == 2
    assert "Leaving a hub" in capsys.readouterr().err


@pytest.fixture(params=HUBS or ["none"])
def real(request, corpus):
    return read_from(checkout(), *request.param.split("/"))


def test_of_real_hubs_it_names_all_that_is_needed(real, tmp_path):
    place = bundle_of(real, tmp_path / "bundle", created=CREATED).place
    with opened(place) as bundle:
        text, known, manifest = guide(bundle), source_of(bundle), bundle.manifest()
    assert missing_from(text, known, manifest) == []
    width = 0
    for line in text.splitlines():
        bars = len(re.findall(r"(?<!\\)\|", line)) if line.startswith("|") else 0
        assert not bars or not width or bars == width, line
        width = bars
