"""Memory and processor of a session, in the control groups of the systems that hubs run on."""

import pytest

from jupyter_2i2c.server.resources import ControlGroup, Meter, Usage, amount


@pytest.fixture
def group(tmp_path):
    """Lays out control groups and returns the one of a process."""

    def make(own, **files):
        for name, content in files.items():
            path = tmp_path / name.replace("__", "/").replace("_DOT_", ".")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(f"{content}\n")
        return ControlGroup(tmp_path, own)

    return make


V2 = {
    "memory_DOT_current": 1_500,
    "memory_DOT_stat": "anon 1000\ninactive_file 400\nactive_file 100",
    "cpu_DOT_stat": "usage_usec 2500000\nuser_usec 1",
}


def test_version_2_in_a_container(group):
    here = group("0::/", **V2, memory_DOT_max=4000, cpu_DOT_max="150000 100000")
    assert here.memory() == Usage(1100, 4000)
    assert here.cpu_seconds() == 2.5
    assert here.cpu_limit() == 1.5


def test_version_2_in_a_container_without_limits(group):
    here = group("0::/", **V2, memory_DOT_max="max", cpu_DOT_max="max 100000")
    assert here.memory() == Usage(1100, None)
    assert here.cpu_limit() is None


def test_version_2_in_a_unit_of_its_own(group):
    unit = {f"system.slice__jupyter-ada__{name}": value for name, value in V2.items()}
    here = group(
        "0::/system.slice/jupyter-ada",
        **unit,
        **{"system.slice__jupyter-ada__memory_DOT_max": 9000},
    )
    assert here.memory() == Usage(1100, 9000)


def test_version_2_in_a_shared_unit_says_nothing_about_one_session(group):
    unit = {f"system.slice__hub__{name}": value for name, value in V2.items()}
    here = group("0::/system.slice/hub", **unit, **{"system.slice__hub__memory_DOT_max": "max"})
    assert here.memory() is None


def test_version_1_in_a_container(group):
    here = group(
        "5:memory:/kubepods/x\n4:cpu,cpuacct:/kubepods/x",
        memory__memory_DOT_usage_in_bytes=1500,
        memory__memory_DOT_limit_in_bytes=4000,
        memory__memory_DOT_stat="total_inactive_file 500",
        cpuacct__cpuacct_DOT_usage=3_000_000_000,
        cpu__cpu_DOT_cfs_quota_us=50000,
        cpu__cpu_DOT_cfs_period_us=100000,
    )
    assert here.memory() == Usage(1000, 4000)
    assert here.cpu_seconds() == 3.0
    assert here.cpu_limit() == 0.5


def test_version_1_says_no_limit_by_a_huge_one(group):
    here = group(
        "5:memory:/",
        memory__memory_DOT_usage_in_bytes=1500,
        memory__memory_DOT_limit_in_bytes=9223372036854771712,
        memory__memory_DOT_stat="total_inactive_file 500",
    )
    assert here.memory() is None or here.memory().limit is None


def test_without_control_groups_the_processes_are_counted(group):
    memory, cpu = Meter({}, group("")).read()
    assert memory.used > 1_000_000
    assert memory.limit is None
    assert cpu.used is None  # a rate needs two readings


def test_the_lower_of_two_limits_counts(group):
    here = group("0::/", **V2, memory_DOT_max=4000, cpu_DOT_max="400000 100000")
    memory, cpu = Meter({"MEM_LIMIT": "2k", "CPU_LIMIT": "8"}, here).read()
    assert memory.limit == 2048
    assert cpu.limit == 4


def test_the_rate_of_the_processor_is_what_was_used_between_two_readings(group, tmp_path):
    meter = Meter({}, group("0::/", **V2, memory_DOT_max="max"))
    assert meter.read()[1].used is None
    (tmp_path / "cpu.stat").write_text("usage_usec 9500000\n")
    assert meter.read()[1].used > 0
    (tmp_path / "cpu.stat").write_text("usage_usec 1\n")  # the group is a new one
    assert meter.read()[1].used is None


@pytest.mark.parametrize(
    ("told", "value"),
    [
        ("2147483648", 2**31),
        ("2G", 2**31),
        ("1.5g", 1.5 * 2**30),
        ("10 GiB", 10 * 2**30),
        ("512M", 2**29),
        ("0.5", 0.5),
        ("0", None),
        ("", None),
        ("lots", None),
        ("1.2.3", None),
    ],
)
def test_a_limit_is_read_as_spawners_write_it(told, value):
    assert amount(told) == value
