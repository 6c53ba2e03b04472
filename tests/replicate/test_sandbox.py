"""What a configuration is executed with: the same order of sets each time, and no variable of its own before it is confined."""

import os

import pytest

from jupyter_2i2c.replicate.sandbox.start import NotHere, execute
from jupyter_2i2c.replicate.work import Work

CODE = """\
import os
c = get_config()
c.A.order = [each for each in {"org:one", "org:two", "org:three", "org:four", "org:five"}]
c.A.seed = os.environ.get("PYTHONHASHSEED")
c.A.given = {name: os.environ.get(name) for name in ("LD_DEBUG", "PYTHONPATH", "OWN", "LANG")}
"""


@pytest.fixture
def executed(tmp_path):
    def run(**environment):
        (tmp_path / "hub").mkdir(exist_ok=True)
        (tmp_path / "hub" / "a.py").write_text(CODE)
        try:
            return execute(
                tmp_path / "hub" / "a.py", tmp_path, hub=tmp_path / "hub", environment=environment,
                known={}, places={}, work=Work(),
            ).config  # fmt: skip
        except NotHere as error:
            if os.environ.get("CI"):
                raise
            pytest.skip(str(error))

    return run


def test_a_set_comes_in_the_same_order_each_time(executed):
    first = executed()
    assert first["A.seed"] is None
    # a hub that asks for another seed says the same as one that does not
    second = executed(PYTHONHASHSEED="7")
    assert second["A.seed"] == "7"
    assert second["A.order"] == first["A.order"]


def test_variables_of_a_bundle_load_nothing_before_it_is_confined(executed, tmp_path):
    module = tmp_path / "elsewhere" / "confine.py"
    module.parent.mkdir()
    module.write_text("raise SystemExit('taken over')\n")
    given = {"LD_DEBUG": "help", "PYTHONPATH": str(module.parent), "OWN": "x"}
    # the dynamic linker would say what LD_DEBUG means, and end
    assert executed(**given)["A.given"] == {**given, "LANG": None}
