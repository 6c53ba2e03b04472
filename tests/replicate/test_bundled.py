"""A hub of a deployments repository becomes a bundle, and the bundle a hub again."""

import ast
import json
import re

import pytest
import yaml

from jupyter_2i2c.cli import main
from jupyter_2i2c.replicate.bundle import opened
from jupyter_2i2c.replicate.errors import ReplicateError, SecretFound
from jupyter_2i2c.replicate.importers.bundled import bundle_of, source_of
from jupyter_2i2c.replicate.importers.infrastructure import read
from jupyter_2i2c.replicate.verify import verify

from . import deployments

CREATED = "2026-01-31T12:00:00Z"


@pytest.fixture(scope="module")
def checkout(tmp_path_factory):
    return deployments.write(tmp_path_factory.mktemp("bundled") / "checkout")


@pytest.fixture
def capture(checkout, tmp_path):
    """Capture the hub `reef`; the bundle is numbered."""
    numbers = iter(range(10))

    def run(**options):
        source = read(checkout, "sea", "reef")
        return bundle_of(source, tmp_path / f"bundle-{next(numbers)}", created=CREATED, **options)

    return run


def config_of(source):
    return source.values["jupyterhub"]["hub"]["config"]


def test_a_bundle_gives_back_the_hub_that_it_was_made_of(capture):
    captured = capture()
    with opened(captured.place) as bundle:
        again = source_of(bundle)
    for name in ("hub", "values", "origins", "secrets", "chart", "umbrella", "findings", "commit"):
        assert getattr(again, name) == getattr(captured.source, name), name
    assert again.extra_config == captured.source.extra_config
    assert [(each.name, each.kind, each.values) for each in again.layers] == [
        (each.name, each.kind, each.values) for each in captured.source.layers
    ]


def test_the_bundle_is_whole_and_meets_its_schemas(capture):
    verification = verify(capture().place, up_to="V1")
    assert verification.rungs["V0"].status == "pass"
    assert verification.rungs["V1"].status == "pass"


def test_the_same_checkout_gives_the_same_bytes(capture):
    first, second = capture().place, capture().place
    names = sorted(each.relative_to(first) for each in first.rglob("*") if each.is_file())
    assert names == sorted(each.relative_to(second) for each in second.rglob("*") if each.is_file())
    for name in names:
        assert (first / name).read_bytes() == (second / name).read_bytes(), name


def test_staff_has_no_access_unless_asked_for(capture):
    captured = capture(with_people=True)
    own = captured.source.values["jupyterhub"]["custom"]["2i2c"]
    assert own["add_staff_user_ids_to_admin_users"] is False
    assert own["staff_github_ids"] == own["staff_google_ids"] == []
    config = config_of(captured.source)
    assert config["Authenticator"]["admin_users"] == ["ada"]
    assert config["GitHubOAuthenticator"]["allowed_organizations"] == ["reef-org"]
    assert "03-add-staff-user-ids" not in captured.source.extra_config
    assert "hub-health" not in captured.source.values["jupyterhub"]["hub"]["services"]
    [transform] = captured.manifest.transforms
    assert transform.id == "staff-access"
    for place in ("staff_github_ids", "03-add-staff-user-ids", "hub-health", "admin_users"):
        assert place in transform.what
    for file in captured.place.rglob("*"):
        if file.is_file():
            assert b"keeper" not in file.read_bytes(), file.name

    kept = capture(with_people=True, with_staff=True)
    assert "03-add-staff-user-ids" in kept.source.extra_config
    assert config_of(kept.source)["Authenticator"]["admin_users"] == ["ada", "keeper-one"]
    assert kept.manifest.transforms == ()


def test_people_are_not_named_without_consent(capture):
    captured = capture()
    assert config_of(captured.source)["Authenticator"]["admin_users"] == []
    [item] = [each for each in captured.manifest.items if each.layer == "people"]
    assert item.status == "policy-excluded"
    assert "1 entry" in item.evidence
    assert "name your own administrators" in item.action_needed
    for file in captured.place.rglob("*"):
        if file.is_file():
            # as a word: checksums hold any three letters
            assert not re.search(rb"\bada\b", file.read_bytes()), file.name


def test_an_address_of_mail_in_a_text_is_named(tmp_path):
    checkout = deployments.write(
        tmp_path / "checkout",
        deployments.with_reef({"jupyterhub": {"custom": {"note": "ask grace@reef.example"}}}),
    )
    captured = bundle_of(read(checkout, "sea", "reef"), tmp_path / "bundle", created=CREATED)
    assert any(each.id == "people:/jupyterhub/custom/note" for each in captured.manifest.items)


def test_files_as_they_were_written_are_taken_where_all_in_them_may_be(checkout, tmp_path):
    source = read(checkout, "sea", "reef", keep_comments=True)
    everything = bundle_of(
        source, tmp_path / "a", created=CREATED, with_people=True, with_staff=True
    )
    text = (
        everything.place / "data/hub/values.original/config/clusters/sea/reef.values.yaml"
    ).read_text()
    assert text == deployments.REEF
    assert verify(everything.place, up_to="V1").holds
    for given in ({"with_people": True}, {"with_staff": True}, {}):
        captured = bundle_of(source, tmp_path / f"b{len(given)}{given}", created=CREATED, **given)
        assert not (captured.place / "data/hub/values.original").exists()

    reef = "# the token: 8nZq-77aB-x1\n" + deployments.REEF
    other = deployments.write(tmp_path / "other", deployments.with_reef(reef))
    source = read(other, "sea", "reef", keep_comments=True)
    assert [each.rpartition("/")[2] for each in source.originals] == ["common.values.yaml"]
    assert "the comments of config/clusters/sea/reef.values.yaml" in source.not_captured


def test_what_a_person_must_supply_is_listed_twice(capture):
    captured = capture()
    template = (captured.place / "data/secrets.template.env").read_text()
    kubernetes = yaml.safe_load((captured.place / "data/hub/secrets.kubernetes.yaml").read_text())
    names = {each.slot for each in captured.manifest.secrets}
    assert names == {
        "GITHUBOAUTHENTICATOR_CLIENT_ID",
        "GITHUBOAUTHENTICATOR_CLIENT_SECRET",
        "IMAGE_PULL_SECRET_CREATE",
    }
    assert {line[:-1] for line in template.splitlines() if line.endswith("=")} == names
    assert kubernetes["stringData"] == dict.fromkeys(sorted(names), "")
    assert "make an OAuth app" in template


def test_what_belongs_to_the_old_cloud_and_what_is_not_there_is_said(capture):
    items = {each.id: each for each in capture().manifest.items}
    cloud = items["cloud:/jupyterhub/singleuser/nodeSelector/2i2c~1hub-name"]
    assert cloud.status == "cloud-resource"
    assert items["homes:files"].status == "not-captured"
    assert items["database:state"].status == "not-captured"
    assert items["code:/jupyterhub/hub/extraConfig/05-hook"].path == "hub/extraConfig/05-hook.py"


def test_each_piece_of_code_is_a_file_to_read(capture):
    captured = capture()
    for place, code in captured.source.code.items():
        item = next(each for each in captured.manifest.items if each.id == f"code:{place}")
        text = (captured.place / "data" / item.path).read_text()
        assert text == code.text
        ast.parse(text)


def test_text_that_helm_reads_otherwise_comes_back_as_it_was(tmp_path):
    odd = {"a": "y", "b": "08", "c": "12e3", "d": "null", "e": "1:30", "f": "~", "g": "on", "h": "0x1F",
           "i": "1_0", "j": " a", "k": "a: b", "l": "#a", "m": "a\n\n", "n": "\ta\n b\n", "o": "", "p": "=",
           "on": 1, "y": 2, "1": 3, "q": "2024-01-01", "r": 493, "s": 1e22, "t": True, "u": "é\u0007", "v": "😀"}  # fmt: skip
    quoted = json.dumps({"jupyterhub": {"custom": {"odd": odd}}}, ensure_ascii=False)
    checkout = deployments.write(tmp_path / "checkout", deployments.with_reef(quoted))
    captured = bundle_of(read(checkout, "sea", "reef"), tmp_path / "bundle", created=CREATED)
    with opened(captured.place) as bundle:
        assert source_of(bundle).values["jupyterhub"]["custom"]["odd"] == odd


def test_a_bundle_that_was_changed_or_holds_no_hub_is_refused(capture):
    captured = capture()
    place = captured.place / "data/hub/hub.json"
    told = json.loads(place.read_text())
    for change in ({"schema": 99}, {"layers": 3}, {"hub": {"x": 1}}, {"code": [{}]}):
        place.write_text(json.dumps({**told, **change}))
        with opened(captured.place) as bundle, pytest.raises(ReplicateError):
            source_of(bundle)
    place.write_text("{")
    with (
        opened(captured.place) as bundle,
        pytest.raises(ReplicateError, match="not as it was written"),
    ):
        source_of(bundle)
    place.unlink()
    with opened(captured.place) as bundle, pytest.raises(ReplicateError, match="holds no hub"):
        source_of(bundle)


def test_what_has_the_form_of_a_token_is_never_written(capture, monkeypatch):
    from jupyter_2i2c.replicate.importers import bundled

    monkeypatch.setattr(bundled, "_template", lambda _: "x: ghp_" + "a1" * 18 + "\n")
    with pytest.raises(SecretFound, match=r"secrets\.template\.env"):
        capture()


def test_the_command_line_captures_and_shows_a_hub(checkout, tmp_path, capsys):
    place = tmp_path / "reef.tar.zst"
    of = ["--infrastructure", str(checkout), "--cluster", "sea", "--hub", "reef"]
    assert main(["capture", "hub", *of, "-o", str(place), "--created", CREATED]) == 0
    said = capsys.readouterr().out
    assert "policy-excluded" in said
    assert "GITHUBOAUTHENTICATOR_CLIENT_SECRET" in said
    assert main(["inspect", str(place)]) == 0
    said = capsys.readouterr().out
    assert "Login and who may use the hub" in said
    assert "hub: reef" in said
    assert main(["verify", str(place), "--up-to", "V1", "--no-report"]) == 0
    capsys.readouterr()
    assert main(["capture", "hub", *of, "-o", str(tmp_path / "j"), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["hub"] == "reef"
    assert {each["slot"] for each in told["secrets"]} >= {"IMAGE_PULL_SECRET_CREATE"}


def test_the_command_line_says_what_is_missing_in_one_line(checkout, tmp_path, capsys):
    output = ["-o", str(tmp_path / "b")]
    assert main(["capture", "hub", "--infrastructure", str(checkout), *output]) == 2
    assert "there are: sea/reef, sea/lagoon" in capsys.readouterr().err
    assert main(["capture", "hub", "--infrastructure", str(tmp_path), *output]) == 2
    assert main(["capture", "hub", *output]) == 2
    assert capsys.readouterr().err.count("\n") == 2
    assert not (tmp_path / "b").exists()
