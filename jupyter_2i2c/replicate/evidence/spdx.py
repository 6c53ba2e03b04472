"""Which licences of the SPDX list are open, and which are not. Called by licences.py.

A table of identifiers, kept by hand from the public lists of the Open Source Initiative and of the Free
Software Foundation. Identifiers in neither group are judged by nobody here.
"""

from __future__ import annotations

_APPROVED = """
    0BSD AAL AFL-1.1 AFL-1.2 AFL-2.0 AFL-2.1 AFL-3.0 AGPL-3.0 AGPL-3.0-only AGPL-3.0-or-later
    Apache-1.1 Apache-2.0 APL-1.0 APSL-1.0 APSL-1.1 APSL-1.2 APSL-2.0 Artistic-1.0 Artistic-1.0-cl8
    Artistic-1.0-Perl Artistic-2.0 BlueOak-1.0.0 BSD-1-Clause BSD-2-Clause BSD-2-Clause-Patent
    BSD-3-Clause BSD-3-Clause-LBNL BSL-1.0 CAL-1.0 CATOSL-1.1 CDDL-1.0 CECILL-2.1 CERN-OHL-P-2.0
    CERN-OHL-S-2.0 CERN-OHL-W-2.0 CNRI-Python CPAL-1.0 CPL-1.0 CUA-OPL-1.0 ECL-1.0 ECL-2.0 EFL-1.0
    EFL-2.0 Entessa EPL-1.0 EPL-2.0 EUDatagrid EUPL-1.1 EUPL-1.2 Fair Frameworx-1.0 GPL-2.0 GPL-2.0+
    GPL-2.0-only GPL-2.0-or-later GPL-3.0 GPL-3.0+ GPL-3.0-only GPL-3.0-or-later
    GPL-3.0-with-GCC-exception HPND ICU Intel IPA IPL-1.0 ISC Jam LGPL-2.0 LGPL-2.0+ LGPL-2.0-only
    LGPL-2.0-or-later LGPL-2.1 LGPL-2.1+ LGPL-2.1-only LGPL-2.1-or-later LGPL-3.0 LGPL-3.0+
    LGPL-3.0-only LGPL-3.0-or-later LiLiQ-P-1.1 LiLiQ-R-1.1 LiLiQ-Rplus-1.1 LPL-1.0 LPL-1.02
    LPPL-1.3c MirOS MIT MIT-0 MIT-Modern-Variant Motosoto MPL-1.0 MPL-1.1 MPL-2.0
    MPL-2.0-no-copyleft-exception MS-PL MS-RL MulanPSL-2.0 Multics NASA-1.3 Naumen NCSA NGPL Nokia
    NPOSL-3.0 NTP OCLC-2.0 OFL-1.1 OFL-1.1-no-RFN OFL-1.1-RFN OGTSL OLDAP-2.8 OLFL-1.3 OSET-PL-2.1
    OSL-1.0 OSL-2.0 OSL-2.1 OSL-3.0 PHP-3.0 PHP-3.01 PostgreSQL Python-2.0 QPL-1.0 RPL-1.1 RPL-1.5
    RPSL-1.0 RSCPL SimPL-2.0 SISSL Sleepycat SPL-1.0 UCL-1.0 Unicode-3.0 Unicode-DFS-2015
    Unicode-DFS-2016 Unlicense UPL-1.0 VSL-1.0 W3C Watcom-1.0 Xnet Zlib ZPL-2.0 ZPL-2.1
"""
APPROVED = frozenset(_APPROVED.split())
"""What the Open Source Initiative approved."""

_FREE = """
    BSD-3-Clause-Attribution BSD-3-Clause-Clear BSD-4-Clause BSD-4-Clause-UC Beerware
    Bitstream-Vera blessing bzip2-1.0.5 bzip2-1.0.6 CC-BY-3.0 CC-BY-4.0 CC-BY-SA-3.0 CC-BY-SA-4.0
    CC-PDDC CC0-1.0 CECILL-2.0 CECILL-B CECILL-C ClArtistic curl FTL GFDL-1.1 GFDL-1.1-only
    GFDL-1.1-or-later GFDL-1.2 GFDL-1.2-only GFDL-1.2-or-later GFDL-1.3 GFDL-1.3-only
    GFDL-1.3-or-later GPL-1.0 GPL-1.0+ GPL-1.0-only GPL-1.0-or-later GPL-2.0-with-classpath-exception
    GPL-2.0-with-GCC-exception HPND-sell-variant IJG Imlib2 Info-ZIP Libpng libpng-2.0 libtiff
    Linux-OpenIB MIT-CMU MIT-feh NLOD-1.0 NLPL ODbL-1.0 ODC-By-1.0 OpenSSL
    OpenSSL-standalone PDDL-1.0 PSF-2.0 Python-2.0.1 Ruby SGI-B-2.0 SMLNJ Spencer-94 SSLeay-standalone
    TCL TU-Berlin-1.0 TU-Berlin-2.0 Vim W3C-19980720 W3C-20150513 WTFPL X11 XFree86-1.1 Zend-2.0
    zlib-acknowledgement ZPL-1.1
"""
FREE = frozenset(_FREE.split())
"""What nobody asked to be approved, and what is for data, texts and pictures: free all the same."""

OPEN = APPROVED | FREE

RESTRICTED = (
    "Aladdin",
    "BUSL-",
    "CC-BY-NC",
    "CC-BY-ND",
    "Elastic-",
    "Hippocratic-",
    "JSON",
    "MS-LPL",
    "PolyForm-",
    "SSPL-",
    "UnRAR",
)
"""What identifiers of licences begin with that take back some of the freedoms."""

COPYLEFT = (
    "AGPL-",
    "APSL-",
    "CC-BY-SA",
    "CDDL-",
    "CECILL-",
    "CERN-OHL-S",
    "CERN-OHL-W",
    "CPL-",
    "EPL-",
    "EUPL-",
    "GFDL-",
    "GPL-",
    "IPL-",
    "LGPL-",
    "MPL-",
    "MS-RL",
    "ODbL-",
    "OSL-",
    "QPL-",
    "RPL-",
    "Sleepycat",
)
"""What identifiers of open licences begin with that ask to stay open."""
