"""What is installed, read as installers wrote it down: by pip, conda, R and apt."""

import json
from pathlib import Path

import pytest

from jupyter_2i2c.replicate.capture.interpreter import Interpreter
from jupyter_2i2c.replicate.evidence.environment import look, stamp
from jupyter_2i2c.replicate.evidence.findings import MOST_NAMES, of_images, of_packages
from jupyter_2i2c.replicate.evidence.licences import of_name
from jupyter_2i2c.replicate.evidence.packages import Package
from jupyter_2i2c.replicate.evidence.proprietary import PRODUCTS, product_of, products_in

MIT = (
    "Permission is hereby granted, free of charge, to any person obtaining a copy of this software"
)


class Machine:
    """An environment and a machine around it, of files."""

    def __init__(self, top: Path) -> None:
        self.top = top
        self.site = top / "env" / "lib" / "python3.12" / "site-packages"
        self.site.mkdir(parents=True)
        self.environ = {"JULIA_PROJECT": str(top / "julia")}
        self.of = Interpreter(
            Path("/nowhere/python"), "3.12.0", "cpython", top / "env", top / "env",
            (self.site,), top / "user", {},
        )  # fmt: skip

    def python(self, name, *metadata, installed=None, **files):
        info = self.site / f"{name}-1.0.dist-info"
        info.mkdir()
        head = [f"Name: {name}", "Version: 1.0", *metadata]
        (info / "METADATA").write_text("\n".join([*head, "", "Description"]))
        (info / "INSTALLER").write_text("pip")
        if installed:
            (info / "direct_url.json").write_text(json.dumps(installed))
        for file, text in files.items():
            (info / file).write_text(text)

    def write(self, path, text):
        file = self.top / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)

    def look(self):
        layers = look(self.of, self.environ, self.top / "home", self.top)
        return {each.id: each for layer in layers for each in layer.items if each.id != "files"}


@pytest.fixture
def machine(tmp_path):
    return Machine(tmp_path)


def test_licences_of_python_packages(machine):
    machine.python("one", "License-Expression: MIT")
    machine.python(
        "two", "Classifier: License :: OSI Approved :: GNU General Public License v3 (GPLv3)"
    )
    machine.python("three", "License: Proprietary")
    machine.python("four", "License: UNKNOWN")
    machine.python("five")
    machine.python("six", LICENSE=MIT)
    machine.write("env/lib/python3.12/ELSEWHERE", MIT)
    machine.python("seven", "License-File: ../../ELSEWHERE")
    machine.python("nvidia-ml-py", "License-Expression: BSD-3-Clause")
    machine.python("gurobipy", "License: Proprietary")
    machine.python("matlab-proxy", "License-Expression: BSD-3-Clause")
    found = machine.look()
    assert (found["python:open"].count, found["python:open"].status) == (4, "open")
    assert found["python:open"].found == (
        "with an open licence: 2 MIT, 1 BSD-3-Clause, 1 GPL-3.0-only; 1 of them copyleft"
    )
    assert found["python:own"].names == ("three 1.0 (Proprietary)",)
    assert found["python:not-known"].names == ("five 1.0", "four 1.0", "seven 1.0")
    assert found["python:gurobi"].names == ("gurobipy 1.0",)
    # open itself, and of no use without what is not
    assert found["python:matlab"].names == ("matlab-proxy 1.0",)
    assert "GNU Octave" in found["python:matlab"].way_out


@pytest.mark.parametrize(
    ("installed", "why"),
    [
        ({"url": "file:///x", "dir_info": {"editable": True}}, "can be edited"),
        ({"url": "file:///x", "dir_info": {}}, "may be nowhere else"),
        ({"url": "https://x.org/y", "vcs_info": {"vcs": "git", "commit_id": "a" * 40}}, "branch"),
        (
            {"url": "https://x.org/y", "vcs_info": {"commit_id": "a" * 40, "requested_revision": "main"}},
            "branch",
        ),
        (
            {"url": "https://x.org/y", "vcs_info": {"commit_id": "a" * 40, "requested_revision": "a" * 40}},
            "",
        ),
        ({"url": "https://x.org/y.whl", "archive_info": {}}, ""),
        ({"url": "https://x.org/y", "vcs_info": []}, ""),
    ],
)  # fmt: skip
def test_sources_that_move(machine, installed, why):
    machine.python("one", "License: MIT", installed=installed)
    moves = machine.look().get("python:moves-0")
    if why:
        assert (moves.status, moves.names) == ("unpinned", ("one 1.0",))
        assert why in moves.found
    else:
        assert moves is None


def conda(name, licence, channel="https://conda.anaconda.org/conda-forge/linux-64"):
    return json.dumps(
        {"name": name, "version": "1.0", "license": licence, "channel": channel, "subdir": "linux-64",
         "url": f"{channel}/{name}.conda"}
    )  # fmt: skip


def test_packages_of_conda_that_are_no_python_distribution(machine):
    machine.python("one", "License: MIT")
    machine.write("env/conda-meta/one.json", conda("one", "MIT"))
    machine.write("env/conda-meta/gdal.json", conda("gdal", "MIT"))
    machine.write(
        "env/conda-meta/mkl.json", conda("mkl", "LicenseRef-IntelSimplifiedSoftwareOct2022")
    )
    main = "https://repo.anaconda.com/pkgs/main/linux-64"
    machine.write("env/conda-meta/zlib.json", conda("zlib", "Zlib", main))
    machine.write("env/conda-meta/broken.json", "{")
    found = machine.look()
    assert found["python:open"].count == 1
    assert found["conda:open"].count == 2
    assert found["conda:mkl"].names == ("mkl 1.0",)
    assert found["conda:anaconda-defaults"].names == ("zlib 1.0",)
    assert "conda-forge" in found["conda:anaconda-defaults"].way_out


def test_packages_of_r_julia_and_the_machine(machine):
    machine.write("env/lib/R/library/base/DESCRIPTION", "Package: base\nVersion: 4.4.1\n")
    machine.write(
        "env/lib/R/library/sf/DESCRIPTION",
        "Package: sf\nVersion: 1\nLicense: GPL-2 | MIT + file LICENSE\n",
    )
    machine.write(
        "env/lib/R/library/own/DESCRIPTION",
        "Package: own\nVersion: 2\nLicense: file LICENSE\nRemoteType: github\nRemoteRef: HEAD\n",
    )
    machine.write("julia/Project.toml", "")
    status = (
        "Package: {0}\nStatus: install ok installed\nSection: {1}\nMaintainer: {2}\nVersion: 1\n"
    )
    machine.write(
        "var/lib/dpkg/status",
        "\n".join(
            [
                status.format("bash", "shells", "Bash <bash@packages.debian.org>"),
                status.format(
                    "curl", "web", "Ubuntu Developers <ubuntu-devel-discuss@lists.ubuntu.com>"
                ),
                status.format("git", "vcs", "Git <git@lists.debian.org>"),
                status.format("firmware-x", "non-free/kernel", "Debian <x@lists.debian.org>"),
                status.format("google-chrome-stable", "web", "Chrome <chrome@google.com>"),
                status.format("other", "web", "Somebody <a@b.example>"),
            ]
        ),
    )
    found = machine.look()
    assert found["r:open"].count == 1
    assert found["r:not-known"].names == ("own 2",)
    assert found["r:moves-0"].names == ("own 2",)
    assert found["julia"].status == "not-known"
    assert found["apt:open"].count == 2
    assert found["apt:own"].names == ("firmware-x (non-free)",)
    assert found["apt:google-chrome"].names == ("google-chrome-stable",)
    assert found["apt:not-known"].names == ("bash", "other")


def test_where_a_server_is_pointed_at_is_named_by_its_variables_alone(machine):
    machine.environ.update(
        SCRATCH_BUCKET="s3://secret-name/ada",
        OTHER="gs://more",
        PLAIN="/home",
        JUPYTER_IMAGE_SPEC="a/b:dev",
    )
    found = machine.look()
    assert found["buckets"].names == ("OTHER", "SCRATCH_BUCKET")
    assert found["image:moving"].names == ("a/b:dev",)
    assert "secret-name" not in str(found)


def test_an_empty_machine_breaks_nothing(machine):
    assert set(machine.look()) == set()


def test_what_is_installed_changes_the_stamp(machine):
    before = stamp(machine.of, {}, machine.top)
    assert stamp(machine.of, {}, machine.top) == before
    machine.write("env/conda-meta/one.json", conda("one", "MIT"))
    after = stamp(machine.of, {}, machine.top)
    assert after != before


def test_the_licences_of_most_packages_are_told_first():
    free = ["MIT", "ISC", "0BSD", "Zlib", "GPL-3.0-only", "MIT"]
    packages = [Package(f"p{number}", "1", of_name(each)) for number, each in enumerate(free)]
    (told,) = of_packages("x", "X", packages, "here")
    assert told.found == (
        "with an open licence: 2 MIT, 1 ISC, 1 0BSD, 1 Zlib and 1 others; 1 of them copyleft"
    )


def test_there_are_never_too_many_names():
    packages = [Package(f"p{number}", "1", of_name("Proprietary")) for number in range(80)]
    (own,) = of_packages("x", "X", packages, "here")
    assert (own.count, len(own.names)) == (80, MOST_NAMES)


@pytest.mark.parametrize(
    ("package", "open_licence", "product"),
    [
        ("nvidia-cublas-cu12", False, "nvidia"),
        ("nvidia-ml-py", True, None),
        ("cuda-python", True, None),
        ("tensorrt-cu12", False, "nvidia"),
        ("mkl", False, "mkl"),
        ("mkl-service", True, None),
        ("arcgis", True, "arcgis"),
        ("saspy", True, "sas"),
        ("gamspy", False, "gams"),
        ("games", False, None),
        ("stata-kernel", True, "stata"),
        ("numpy", False, None),
        ("amplify", False, None),
        ("xpress", False, "xpress"),
        ("cplexity", False, None),
    ],
)
def test_products_by_their_packages(package, open_licence, product):
    found = product_of(package, open_licence)
    assert (found.id if found else None) == product


@pytest.mark.parametrize(
    ("image", "products"),
    [
        ("quay.io/x/matlab:r2024b", ["matlab"]),
        ("quay.io/x/jupyter-matlab_2024:1", ["matlab"]),
        ("quay.io/x/notebook:matlab-r2024b", ["matlab"]),
        ("nvcr.io/nvidia/pytorch:24.01", ["nvidia"]),
        ("pangeo/ml-notebook:cuda12-2024", ["nvidia"]),
        ("quay.io/2i2c/positron:1", ["positron"]),
        ("rocker/geospatial:4.4", []),
        ("quay.io/pangeo/pangeo-notebook:2026.01", []),
        ("example.org/team-workbench:1", []),
        ("example.org/stateful:1", []),
    ],
)
def test_products_by_their_images(image, products):
    assert [each.id for each in products_in(image)] == products


@pytest.mark.parametrize(
    ("image", "expected"),
    [
        ("a/b", "moving"),
        ("a/b:latest", "moving"),
        ("host:5000/a/b", "moving"),
        ("a/b:2026.01", "tagged"),
        ("a/b:2026.01@sha256:00", None),
    ],
)
def test_pins_of_images(image, expected):
    ids = [each.id for each in of_images("x", "X", [image, image], "here")]
    assert ids == ([f"x:{expected}"] if expected else [])


def test_each_product_has_a_way_out():
    assert len({each.id for each in PRODUCTS}) == len(PRODUCTS)
    for each in PRODUCTS:
        assert each.way_out
        assert each.packages or each.images or each.drivers
