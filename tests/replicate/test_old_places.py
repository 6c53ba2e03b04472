"""A configuration that writes out directories of the old place says the same elsewhere; another directory is another setting."""

from pathlib import Path

import pytest
from traitlets.config import Config

from jupyter_2i2c.hub import record
from jupyter_2i2c.replicate.importers.recorded import read_record, write_bundle
from jupyter_2i2c.replicate.verify import verify


@pytest.fixture
def captured(tmp_path):
    """The bundle of a hub whose configuration names what it keeps by absolute places; and its directory."""
    top = tmp_path / "srv" / "jupyterhub"
    (top / "drills").mkdir(parents=True)
    (top / "drills" / "report.json").write_text('{"names": "canary-7d"}')
    lines = [
        f"c.HubService.drills = '{top}/drills'",
        f"c.JupyterHub.db_url = 'sqlite:///{top}/hub.sqlite'",
        f"c.Spawner.environment = {{'OTHER': '{top}-other/data'}}",
    ]
    file = top / "jupyterhub_config.py"
    file.write_text("\n".join(["c = get_config()", *lines]))
    c = Config()
    exec("\n".join(lines), {"c": c})
    record.write(top / "r.record.json", c, file, tmp_path)
    bundle = tmp_path / "bundle"
    write_bundle(read_record(top / "r.record.json"), bundle)
    return bundle, top


def climbed(bundle, **options):
    return verify(bundle, up_to="V4", **options).rungs


def test_they_are_equal_elsewhere_and_what_lies_there_stays(captured):
    bundle, _ = captured
    rungs = climbed(bundle, rebuild=True)
    assert [rungs[name].status for name in ("V2", "V3", "V4")] == ["pass"] * 3, rungs
    assert not [
        each for each in bundle.rglob("*") if each.is_file() and b"canary-7d" in each.read_bytes()
    ]


@pytest.mark.parametrize("other", ["/elsewhere", "{top}/deeper"])
def test_another_place_is_another_setting(captured, tmp_path, other):
    from jupyter_2i2c.replicate.bundle import opened
    from jupyter_2i2c.replicate.targets import hub_local
    from jupyter_2i2c.replicate.work import Work

    bundle, top = captured
    with opened(bundle) as opened_bundle:
        hub_local.build(opened_bundle, tmp_path / "built", Work())
    (file,) = Path(tmp_path / "built" / "source").rglob("jupyterhub_config.py")
    said = f"'{top}/drills'"
    assert said in file.read_text()
    file.write_text(file.read_text().replace(said, f"'{other.format(top=top)}/drills'"))
    rungs = climbed(bundle, built=tmp_path / "built")
    assert rungs["V4"].items["HubService.drills"].status == "fail"
