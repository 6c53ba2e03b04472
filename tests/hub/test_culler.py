"""When a hub stops servers, from the arguments of its culler."""

import pytest

from jupyter_2i2c.hub.culler import culling_of
from jupyter_2i2c.model import Culling


@pytest.mark.parametrize(
    ("command", "culling"),
    [
        (["python3", "-m", "jupyterhub_idle_culler", "--timeout=3600"], Culling(3600, 0, 1800)),
        # as the z2jh chart writes it
        (
            [
                "python3",
                "-m",
                "jupyterhub_idle_culler",
                "--url=http://hub:8081/hub/api",
                "--timeout=3600",
                "--cull-every=600",
                "--concurrency=10",
                "--max-age=43200",
                "--cull-users",
            ],
            Culling(3600, 43200, 600, True),
        ),
        # as TLJH writes it
        (
            [
                "/opt/tljh/hub/bin/python3",
                "-m",
                "jupyterhub_idle_culler",
                "--timeout=600",
                "--cull-every=60",
                "--concurrency=5",
                "--max-age=0",
            ],
            Culling(600, 0, 60),
        ),
        (["jupyterhub-idle-culler", "--timeout", "60", "--max_age", "90"], Culling(60, 90, 30)),
        (["jupyterhub-idle-culler", "--IdleCuller.timeout=60"], Culling(60, 0, 30)),
        (["jupyterhub-idle-culler", "--cull-users=False"], Culling(600, 0, 300)),
        (["python", "cull_idle_servers.py", "--timeout=60"], Culling(60, 0, 30)),
        ("jupyterhub-idle-culler --timeout=60", Culling(60, 0, 30)),
        (["jupyterhub-idle-culler", "--timeout=soon"], None),
        (["something", "else"], None),
        (None, None),
        (3, None),
    ],
)
def test_the_times_are_read_from_the_command(command, culling):
    assert culling_of([{"name": "x"}, {"name": "culler", "command": command}]) == culling


def test_services_of_any_shape_are_passed_over():
    assert culling_of([None, "x", 3, {}]) is None
