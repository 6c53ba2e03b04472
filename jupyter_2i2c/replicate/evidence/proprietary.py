"""Products that somebody else must license anew, by the names of packages and images. Called by environment.py and hub.py.

A list of our own, from what vendors publish about their packages. It finds what it knows; what it does not
find is not therefore open.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Product:
    """Something with a licence of its own.

    Attributes:
        id: a word for it.
        name: of the product, and whose it is.
        way_out: what somebody who takes the hub elsewhere does about it.
        packages: what the names of its packages match, in small letters.
        images: words in the names of images that hold it; with a ``/``, a part of the name.
        drivers: packages that are open themselves and of no use without the product.
        unless_open: whether a package whose metadata states an open licence is none of it.
    """

    id: str
    name: str
    way_out: str
    packages: str = ""
    images: tuple[str, ...] = ()
    drivers: frozenset[str] = field(default_factory=frozenset)
    unless_open: bool = False

    def has(self, package: str, open_licence: bool) -> bool:
        """Whether a package belongs to it.

        Arguments:
            package: its name, as all spellings are compared.
            open_licence: whether its metadata states an open licence.
        """
        if package in self.drivers:
            return True
        matches = bool(self.packages) and re.fullmatch(self.packages, package) is not None
        return matches and not (self.unless_open and open_licence)

    def is_in(self, image: str) -> bool:
        """Whether an image holds it, as its name tells."""
        name = image.lower()
        words = [each.rstrip("0123456789") for each in re.split(r"[/:@_.-]+", name)]
        return any(each in (name if "/" in each else words) for each in self.images)


def _solver(id_: str, name: str, packages: str, drivers: Iterable[str] = ()) -> Product:
    way_out = "a licence of the vendor's for your community; open solvers: HiGHS, SCIP, CBC"
    return Product(id_, name, way_out, packages, (id_,), frozenset(drivers))


PRODUCTS = (
    Product(
        "matlab",
        "MATLAB, of The MathWorks",
        "a licence of The MathWorks for your community; open: GNU Octave, Python, Julia",
        r"matlabengine(-.*)?|matlab-runtime.*",
        ("matlab",),
        frozenset({"matlab-proxy", "jupyter-matlab-proxy", "matlab-kernel", "matlab-mcp-core"}),
    ),
    Product(
        "arcgis",
        "ArcGIS, of Esri",
        "a licence of Esri for your community; open: QGIS, GeoPandas, GRASS GIS",
        r"arcgis(-.*)?|arcpy(-.*)?",
        ("arcgis", "arcpy"),
    ),
    Product(
        "positron",
        "Positron, of Posit",
        "an agreement with Posit: its licence does not let everybody offer it to others as a service;"
        " open: JupyterLab, RStudio Server, code-server",
        images=("positron",),
        drivers=frozenset({"jupyter-positron-server"}),
    ),
    Product(
        "posit-workbench",
        "Posit Workbench",
        "a licence of Posit for your community; open: RStudio Server",
        r"rstudio-workbench|rstudio-server-pro",
        ("rstudio-workbench/", "/rstudio-workbench", "posit/workbench"),
    ),
    _solver(
        "gurobi", "Gurobi", r"gurobi(py)?(-.*)?", {"gurobi-logtools", "gurobi-machinelearning"}
    ),
    _solver("cplex", "CPLEX, of IBM", r"cplex(-.*)?", {"docplex"}),
    _solver("xpress", "Xpress, of FICO", r"xpress(libs)?"),
    _solver("mosek", "MOSEK", r"mosek"),
    _solver("knitro", "Knitro, of Artelys", r"knitro"),
    _solver("gams", "GAMS", r"gams(py(-base)?|api|-.*)?"),
    _solver("ampl", "AMPL", r"ampl(py|-module-.*|-asl)?"),
    _solver("coptpy", "COPT, of Cardinal Operations", r"coptpy"),
    Product(
        "stata",
        "Stata, of StataCorp",
        "a licence of StataCorp for your community; open: R, statsmodels",
        r"pystata(-.*)?",
        ("stata",),
        frozenset({"stata-kernel", "stata-setup", "nbstata"}),
    ),
    Product(
        "sas",
        "SAS",
        "a licence of SAS for your community; open: R, pandas",
        images=("sas", "saspy"),
        drivers=frozenset({"saspy", "sas-kernel", "swat"}),
    ),
    Product(
        "mathematica",
        "Mathematica, of Wolfram",
        "a licence of Wolfram for your community; open: SymPy, SageMath, Maxima",
        images=("wolfram", "mathematica"),
        drivers=frozenset({"wolframclient"}),
    ),
    Product(
        "idl",
        "IDL and ENVI, of NV5",
        "a licence of NV5 for your community; open: GDL, Python",
        images=("idl", "envi"),
        drivers=frozenset({"idl-kernel", "idlmagic"}),
    ),
    Product(
        "ansys",
        "Ansys",
        "a licence of Ansys for your community; open: OpenFOAM, FEniCS, Elmer",
        images=("ansys",),
        packages=r"ansys-.*|pyfluent|pymapdl",
    ),
    Product(
        "comsol",
        "COMSOL Multiphysics",
        "a licence of COMSOL for your community; open: FEniCS, Elmer, MOOSE",
        images=("comsol",),
        drivers=frozenset({"mph"}),
    ),
    Product(
        "openeye",
        "OpenEye toolkits, of Cadence",
        "a licence of the vendor's for your community; open: RDKit",
        r"openeye-.*",
    ),
    Product(
        "pyrosetta",
        "PyRosetta, of the Rosetta Commons",
        "a licence for your community: without cost where the use is not commercial",
        r"pyrosetta(-.*)?",
        ("pyrosetta",),
    ),
    Product(
        "nvidia",
        "CUDA and its libraries, of NVIDIA",
        "NVIDIA's own terms hold wherever it is installed, and it needs NVIDIA's hardware; the builds"
        " for CPUs of what uses it do without",
        r"nvidia-.*|tensorrt.*|cuda-.*|cudatoolkit(-.*)?|cudnn"
        r"|lib(cu(blas|dnn|fft|file|rand|solver|sparse)|npp|nvjpeg|nvjitlink|nvvm)(-.*)?",
        ("cuda", "nvidia", "nvcr.io/"),
        unless_open=True,
    ),
    Product(
        "mkl",
        "MKL and its runtime, of Intel",
        "Intel's own terms hold wherever it is installed, without cost; open: OpenBLAS",
        r"mkl(-.*)?|intel-openmp|intel-cmplr-.*|onemkl-.*|dpcpp-cpp-rt",
        unless_open=True,
    ),
    Product(
        "visual-studio-code",
        "Visual Studio Code as Microsoft builds it",
        "Microsoft's terms; open: code-server, VSCodium",
        r"code-insiders",
        ("vscode-server",),
    ),
    Product(
        "google-chrome",
        "Google Chrome",
        "Google's terms; open: Chromium",
        r"google-chrome-.*",
    ),
)

ANACONDA = Product(
    "anaconda-defaults",
    "packages of Anaconda's own channels",
    "Anaconda's terms of service, by which larger organisations pay for these channels; open: the same"
    " packages from conda-forge",
)
"""The packages are open, and the place that they come from has terms."""

ANACONDA_CHANNEL = re.compile(r"(^|/)(pkgs/(main|r|msys2|pro|free)|defaults|anaconda)$")


def product_of(package: str, open_licence: bool = False) -> Product | None:
    """The product that a package belongs to; None as far as it is known.

    Arguments:
        package: its name, as all spellings are compared.
        open_licence: whether its metadata states an open licence.
    """
    return next((each for each in PRODUCTS if each.has(package, open_licence)), None)


def products_in(image: str) -> list[Product]:
    """The products that an image holds, as its name tells."""
    return [each for each in PRODUCTS if each.is_in(image)]
