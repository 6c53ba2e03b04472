"""Which licence something has, as far as its metadata says it for certain. Called by environment.py and hub.py.

A licence expression (PEP 639, SPDX) goes before classifiers, those before a licence's name or text. What
could be read in two ways is not known.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from packaging.licenses import InvalidLicenseExpression, canonicalize_license_expression

from .spdx import COPYLEFT, OPEN, RESTRICTED

OPEN_STATUS, OWN, NOT_KNOWN = "open", "own-licence", "not-known"

LONGEST = 60
"""Characters of a licence's name that are shown."""


LARGEST_TEXT = 100_000
"""Characters of a licence's text that are looked at."""


@dataclass(frozen=True)
class Licence:
    """What is known of a licence.

    Attributes:
        status: ``open``, ``own-licence`` (one that takes a freedom away) or ``not-known``.
        name: an SPDX expression, or the name of a family such as ``BSD``; empty where nothing is told.
        source: what told it: ``License-Expression``, ``classifiers``, ``License``, the name of a file
            or of a record.
        copyleft: whether it is open and asks to stay so.
    """

    status: str
    name: str = ""
    source: str = ""
    copyleft: bool = False


UNKNOWN = Licence(NOT_KNOWN)


def of_expression(text: str, source: str = "License-Expression") -> Licence:
    """The licence of an SPDX expression; not known if it is none."""
    if len(text) > 1000:
        return UNKNOWN
    try:
        expression = canonicalize_license_expression(text)
    except (InvalidLicenseExpression, RecursionError, ValueError):
        return UNKNOWN
    tokens = re.findall(r"[()]|[^\s()]+", expression)
    status = _Judge(tokens).all()
    copyleft = status == OPEN_STATUS and any(each.startswith(COPYLEFT) for each in tokens)
    return Licence(status, expression[:LONGEST], source, copyleft)


class _Judge:
    """Reads an expression that is known to be well-formed, from left to right."""

    RANK = (OPEN_STATUS, NOT_KNOWN, OWN)
    """From what may be used freely to what may not."""

    def __init__(self, tokens: Sequence[str]) -> None:
        self._left = list(tokens)

    def all(self) -> str:
        """One of several may be chosen: the best counts."""
        return min(self._joined("OR", self._both), key=self.RANK.index)

    def _both(self) -> str:
        """Several hold at the same time: the worst counts."""
        return max(self._joined("AND", self._one), key=self.RANK.index)

    def _joined(self, word: str, inner: Callable[[], str]) -> list[str]:
        found = [inner()]
        while self._left[:1] == [word]:
            self._left.pop(0)
            found.append(inner())
        return found

    def _one(self) -> str:
        word = self._left.pop(0)
        if word == "(":
            status = self.all()
            self._left.pop(0)
            return status
        if self._left[:1] == ["WITH"]:
            del self._left[:2]  # an exception gives a permission more
        return of_identifier(word)


def of_identifier(name: str) -> str:
    """The status of one identifier of SPDX's."""
    if name in OPEN or f"{name.removesuffix('+')}-or-later" in OPEN:
        return OPEN_STATUS
    if name.endswith("+") and name[:-1] in OPEN:
        return OPEN_STATUS
    if name.startswith("LicenseRef-"):
        words = name.lower()
        if re.search(r"proprietary|commercial|eula|nvidia|intel|non-?free", words):
            return OWN
        return OPEN_STATUS if "public-domain" in words else NOT_KNOWN
    return OWN if name.startswith(RESTRICTED) else NOT_KNOWN


CLASSIFIERS = {
    "Academic Free License (AFL)": "AFL-3.0",
    "Apache Software License": "Apache-2.0",
    "Artistic License": "Artistic-2.0",
    "BSD License": "BSD",
    "Blue Oak Model License (BlueOak-1.0.0)": "BlueOak-1.0.0",
    "Boost Software License 1.0 (BSL-1.0)": "BSL-1.0",
    "European Union Public Licence 1.1 (EUPL 1.1)": "EUPL-1.1",
    "European Union Public Licence 1.2 (EUPL 1.2)": "EUPL-1.2",
    "GNU Affero General Public License v3": "AGPL-3.0-only",
    "GNU Affero General Public License v3 or later (AGPLv3+)": "AGPL-3.0-or-later",
    "GNU General Public License (GPL)": "GPL-1.0-or-later",
    "GNU General Public License v2 (GPLv2)": "GPL-2.0-only",
    "GNU General Public License v2 or later (GPLv2+)": "GPL-2.0-or-later",
    "GNU General Public License v3 (GPLv3)": "GPL-3.0-only",
    "GNU General Public License v3 or later (GPLv3+)": "GPL-3.0-or-later",
    "GNU Lesser General Public License v2 (LGPLv2)": "LGPL-2.0-only",
    "GNU Lesser General Public License v2 or later (LGPLv2+)": "LGPL-2.0-or-later",
    "GNU Lesser General Public License v3 (LGPLv3)": "LGPL-3.0-only",
    "GNU Lesser General Public License v3 or later (LGPLv3+)": "LGPL-3.0-or-later",
    "GNU Library or Lesser General Public License (LGPL)": "LGPL-2.0-or-later",
    "Historical Permission Notice and Disclaimer (HPND)": "HPND",
    "ISC License (ISCL)": "ISC",
    "MIT License": "MIT",
    "MIT No Attribution License (MIT-0)": "MIT-0",
    "Mozilla Public License 1.0 (MPL)": "MPL-1.0",
    "Mozilla Public License 1.1 (MPL 1.1)": "MPL-1.1",
    "Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0",
    "Python Software Foundation License": "PSF-2.0",
    "SIL Open Font License 1.1 (OFL-1.1)": "OFL-1.1",
    "The Unlicense (Unlicense)": "Unlicense",
    "Universal Permissive License (UPL)": "UPL-1.0",
    "University of Illinois/NCSA Open Source License": "NCSA",
    "Zope Public License": "ZPL-2.1",
    "zlib/libpng License": "Zlib",
}
"""What classifiers say, as SPDX says it; ``BSD`` and the like are a family of which each is open."""

FREE_CLASSIFIERS = {
    "CC0 1.0 Universal (CC0 1.0) Public Domain Dedication": "CC0-1.0",
    "Public Domain": "Public Domain",
    "CeCILL-B Free Software License Agreement (CECILL-B)": "CECILL-B",
    "CeCILL-C Free Software License Agreement (CECILL-C)": "CECILL-C",
    "DFSG approved": "DFSG approved",
}
"""Classifiers of what is free without having been approved."""

RESTRICTED_CLASSIFIERS = frozenset(
    {
        "Aladdin Free Public License (AFPL)",
        "Free For Educational Use",
        "Free For Home Use",
        "Free To Use But Restricted",
        "Free for non-commercial use",
        "Freeware",
        "Other/Proprietary License",
    }
)
"""Classifiers of licences that take some of the freedoms back."""


def of_classifiers(classifiers: Iterable[str]) -> Licence:
    """The licence that classifiers tell; not known where they contradict each other."""
    names, statuses = [], set()
    for each in classifiers:
        parts = [part.strip() for part in each.split("::")]
        if parts[0] != "License" or len(parts) < 2:
            continue
        last = parts[-1]
        if parts[1] == "OSI Approved":
            names += [CLASSIFIERS.get(last, last)] if len(parts) > 2 else []
            statuses.add(OPEN_STATUS)
        elif last in FREE_CLASSIFIERS:
            names.append(FREE_CLASSIFIERS[last])
            statuses.add(OPEN_STATUS)
        elif last in RESTRICTED_CLASSIFIERS:
            names.append(last)
            statuses.add(OWN)
        else:
            statuses.add(NOT_KNOWN)
    name = ", ".join(dict.fromkeys(names))[:LONGEST]
    if len(statuses) != 1:
        return Licence(NOT_KNOWN, name, "classifiers" if name else "")
    status = statuses.pop()
    copyleft = status == OPEN_STATUS and any(each.startswith(COPYLEFT) for each in names)
    return Licence(status, name, "classifiers", copyleft)


NAMES = {
    "0bsd": "0BSD",
    "agpl 3": "AGPL-3.0-only",
    "agpl 3+": "AGPL-3.0-or-later",
    "agplv3": "AGPL-3.0-only",
    "agplv3+": "AGPL-3.0-or-later",
    "apache": "Apache-2.0",
    "apache 2": "Apache-2.0",
    "apache 2.0": "Apache-2.0",
    "apache-2": "Apache-2.0",
    "apache2": "Apache-2.0",
    "apache2.0": "Apache-2.0",
    "apachev2": "Apache-2.0",
    "apache software": "Apache-2.0",
    "apache software 2.0": "Apache-2.0",
    "apache software foundation 2.0": "Apache-2.0",
    "artistic 2.0": "Artistic-2.0",
    "asl 2.0": "Apache-2.0",
    "boost": "BSL-1.0",
    "boost software 1.0": "BSL-1.0",
    "bsd": "BSD",
    "bsd 2": "BSD-2-Clause",
    "bsd 2 clause": "BSD-2-Clause",
    "bsd 3": "BSD-3-Clause",
    "bsd 3 clause": "BSD-3-Clause",
    "bsd (3 clause)": "BSD-3-Clause",
    "bsd (2 clause)": "BSD-2-Clause",
    "bsd like": "BSD",
    "bsd style": "BSD",
    "2 clause bsd": "BSD-2-Clause",
    "3 clause bsd": "BSD-3-Clause",
    "modified bsd": "BSD-3-Clause",
    "new bsd": "BSD-3-Clause",
    "simplified bsd": "BSD-2-Clause",
    "revised bsd": "BSD-3-Clause",
    "cc0": "CC0-1.0",
    "cc0 1.0 universal": "CC0-1.0",
    "creative commons zero 1.0": "CC0-1.0",
    "eclipse public 1.0": "EPL-1.0",
    "eclipse public 2.0": "EPL-2.0",
    "expat": "MIT",
    "gnu affero general public 3": "AGPL-3.0-only",
    "gnu affero general public 3.0": "AGPL-3.0-only",
    "gnu general public": "GPL-1.0-or-later",
    "gnu general public 2": "GPL-2.0-only",
    "gnu general public 2 or later": "GPL-2.0-or-later",
    "gnu general public 2.0": "GPL-2.0-only",
    "gnu general public 3": "GPL-3.0-only",
    "gnu general public 3 (gplv3)": "GPL-3.0-only",
    "gnu general public 3 or later": "GPL-3.0-or-later",
    "gnu general public 3 or later (gplv3+)": "GPL-3.0-or-later",
    "gnu general public 3.0": "GPL-3.0-only",
    "gnu gpl": "GPL-1.0-or-later",
    "gnu gpl 2": "GPL-2.0-only",
    "gnu gpl 2+": "GPL-2.0-or-later",
    "gnu gpl 3": "GPL-3.0-only",
    "gnu gpl 3+": "GPL-3.0-or-later",
    "gnu gplv3+": "GPL-3.0-or-later",
    "gnu lgpl 2.1": "LGPL-2.1-only",
    "gnu lgpl 3": "LGPL-3.0-only",
    "gnu lgpl 3+": "LGPL-3.0-or-later",
    "gnu gplv2": "GPL-2.0-only",
    "gnu gplv3": "GPL-3.0-only",
    "gnu lesser general public": "LGPL-2.0-or-later",
    "gnu lesser general public 2.1": "LGPL-2.1-only",
    "gnu lesser general public 3": "LGPL-3.0-only",
    "gnu lesser general public 3 (lgplv3)": "LGPL-3.0-only",
    "gnu lgpl": "LGPL-2.0-or-later",
    "gnu lgplv3": "LGPL-3.0-only",
    "gpl": "GPL-1.0-or-later",
    "gpl 2": "GPL-2.0-only",
    "gpl 2+": "GPL-2.0-or-later",
    "gpl 3": "GPL-3.0-only",
    "gpl 3+": "GPL-3.0-or-later",
    "gpl2": "GPL-2.0-only",
    "gpl3": "GPL-3.0-only",
    "gplv2": "GPL-2.0-only",
    "gplv2+": "GPL-2.0-or-later",
    "gplv3": "GPL-3.0-only",
    "gplv3+": "GPL-3.0-or-later",
    "hpnd": "HPND",
    "isc": "ISC",
    "iscl": "ISC",
    "lgpl": "LGPL-2.0-or-later",
    "lgpl 2.1": "LGPL-2.1-only",
    "lgpl 2.1+": "LGPL-2.1-or-later",
    "lgpl 3": "LGPL-3.0-only",
    "lgpl 3+": "LGPL-3.0-or-later",
    "lgplv2": "LGPL-2.0-only",
    "lgplv2+": "LGPL-2.0-or-later",
    "lgplv2.1": "LGPL-2.1-only",
    "lgplv2.1+": "LGPL-2.1-or-later",
    "lgplv3": "LGPL-3.0-only",
    "lgplv3+": "LGPL-3.0-or-later",
    "mit": "MIT",
    "mit (expat)": "MIT",
    "mit cmu": "MIT-CMU",
    "mit/x11": "MIT",
    "mozilla public": "MPL-2.0",
    "mozilla public 2.0": "MPL-2.0",
    "mozilla public 2.0 (mpl 2.0)": "MPL-2.0",
    "mpl": "MPL-2.0",
    "mpl 2.0": "MPL-2.0",
    "mpl2": "MPL-2.0",
    "mplv2": "MPL-2.0",
    "postgresql": "PostgreSQL",
    "psf": "PSF-2.0",
    "psfl": "PSF-2.0",
    "public domain": "Public Domain",
    "python": "PSF-2.0",
    "python software foundation": "PSF-2.0",
    "sil open font 1.1": "OFL-1.1",
    "unlicense": "Unlicense",
    "wtfpl": "WTFPL",
    "zlib": "Zlib",
    "zlib/libpng": "Zlib",
    "zope public 2.1": "ZPL-2.1",
    "zpl 2.1": "ZPL-2.1",
}
"""Names of licences as people write them, without *the*, *licence*, *version* and marks."""

FAMILIES = frozenset({"BSD", "Public Domain"})
"""Names that stand for several licences, each of them open."""

RESTRICTED_NAMES = re.compile(
    r"\b(proprietary|commercial|all rights reserved|eula|end[- ]user licen[cs]e|non-?commercial"
    r"|closed[- ]source|evaluation only|academic use only|see vendor)\b",
    re.IGNORECASE,
)
"""What a name says of a licence that takes some of the freedoms back."""

FURTHER_TERMS = re.compile(r"commons clause|non-?commercial|no commercial use", re.IGNORECASE)
"""What makes another licence of a well-known text."""

HALLMARKS = (
    (r"permission is hereby granted, free of charge, to any person obtaining a copy", "MIT"),
    (r"redistribution and use in source and binary forms, with or without modification", "BSD"),
    (r"apache license,? version 2\.0", "Apache-2.0"),
    (r"gnu affero general public license version 3", "AGPL-3.0-only"),
    (r"gnu lesser general public license version 3", "LGPL-3.0-only"),
    (r"gnu lesser general public license version 2\.1", "LGPL-2.1-only"),
    (r"gnu general public license version 3", "GPL-3.0-only"),
    (r"gnu general public license version 2", "GPL-2.0-only"),
    (r"mozilla public license,? (?:version |v\. ?)2\.0", "MPL-2.0"),
    (r"permission to use, copy, modify, and(?:/or)? distribute this software for any purpose", "ISC"),
    (r"this is free and unencumbered software released into the public domain", "Unlicense"),
)  # fmt: skip
"""Sentences by which a text is recognised, whatever stands around them."""


def of_name(text: str, source: str = "License") -> Licence:
    """The licence that a name, an expression or a whole text tells; not known if several are possible."""
    text = text.strip()
    if not text:
        return UNKNOWN
    if "\n" in text or len(text) > 120:
        return of_text(text, source)
    known = _of_one_name(text, source)
    if known.status != NOT_KNOWN:
        return known
    return replace(known, name=text[:LONGEST], source=source)


def _of_one_name(text: str, source: str) -> Licence:
    told = of_expression(text, source)
    if told.name:
        return told
    name = _known(text)
    if name in FAMILIES:
        return Licence(OPEN_STATUS, name, source)
    if name:
        return of_expression(name, source)
    several = re.split(r"\s*(\bor\b|\band\b|/|,|;|&|\|)\s*", text, flags=re.IGNORECASE)
    if len(several) > 1:
        return _of_several(several, source)
    if RESTRICTED_NAMES.search(text):
        return Licence(OWN, text[:LONGEST], source)
    return UNKNOWN


def _of_several(parts: Sequence[str], source: str) -> Licence:
    """Names with *or*, *and* or a mark between them; a mark may mean either, so each must be open."""
    names = [each for each in parts[::2] if each and _plain(each)]
    found = [_of_name_alone(each, source) for each in names]
    if not found or any(each.status != OPEN_STATUS for each in found):
        return UNKNOWN
    name = " / ".join(dict.fromkeys(each.name for each in found))
    copyleft = all(each.copyleft for each in found)
    return Licence(OPEN_STATUS, name[:LONGEST], source, copyleft)


def _of_name_alone(text: str, source: str) -> Licence:
    told = of_expression(text, source)
    name = _known(text)
    if told.name or not name:
        return told
    return Licence(OPEN_STATUS, name, source) if name in FAMILIES else of_expression(name, source)


def _known(text: str) -> str:
    """The SPDX name behind one that people use; empty if there is none for certain."""
    plain = _plain(text)
    short = re.fullmatch(r"(.+?) \((.+)\)", plain)
    if plain not in NAMES and short and short[2] in NAMES:
        return NAMES.get(short[1], "")
    return NAMES.get(plain, "")


def _plain(text: str) -> str:
    words = re.sub(r"\b(the|licen[cs]ed?|licensing|version|under|terms|of)\b", " ", text.lower())
    words = re.sub(r"(?<=\s)v(?=\d)", "", words).replace(">=", "+").replace("-", " ")
    words = re.sub(r"[\"'.,:;]+(?=\s|$)|^[\"'.]+|,", " ", words)
    return " ".join(words.split())


def of_text(text: str, source: str) -> Licence:
    """The licence whose text this is; not known where it is of several, or something was added."""
    text = text[:LARGEST_TEXT]
    words = " ".join(re.sub(r"[#*=`>-]{2,}|\s\*\s", " ", text).split()).lower()
    found = {name for sentence, name in HALLMARKS if re.search(sentence, words)}
    if "GPL-3.0-only" in found and len(found & {"LGPL-3.0-only", "AGPL-3.0-only"}) == 1:
        found.discard("GPL-3.0-only")  # the lesser licence is an addition to it, and names it
    if len(found) != 1 or FURTHER_TERMS.search(words):
        first = text.strip().splitlines()[0].strip(" #*=-")
        return Licence(NOT_KNOWN, first[:LONGEST], source)
    (name,) = found
    if name == "BSD":
        name = "BSD-3-Clause" if re.search(r"(neither|nor) the name", words) else name
        return Licence(OPEN_STATUS, name, source)
    return of_expression(name, source)


def of_metadata(fields: Mapping[str, Sequence[str]]) -> Licence:
    """The licence of a Python distribution by the fields of its METADATA.

    Arguments:
        fields: ``License-Expression``, ``License`` and ``Classifier``, each with its values.
    """
    for each in fields.get("License-Expression", ()):
        if (told := of_expression(each)).name:
            return told
    named = next((of_name(each) for each in fields.get("License", ()) if each.strip()), UNKNOWN)
    told = of_classifiers(fields.get("Classifier", ()))
    if not told.name and told.status in (NOT_KNOWN, named.status):
        return named
    # the classifier does not say which of the family it is, and the name may
    exact = told.name in FAMILIES and named.name.startswith(f"{told.name}-")
    return named if exact and named.status == told.status else told


def of_r(text: str) -> Licence:
    """The licence of an R package by ``License`` of its DESCRIPTION."""
    found = [_of_r_alternative(each) for each in text.split("|")]
    best = min(found, key=lambda each: _Judge.RANK.index(each.status))
    return replace(best, source="DESCRIPTION") if best.name else best


def _of_r_alternative(text: str) -> Licence:
    # MIT and BSD are templates that a file fills in; of others the file only names people
    name = re.sub(r"\+\s*file\s+LICEN[CS]E", "", text).strip()
    if re.fullmatch(r"file\s+LICEN[CS]E", name):
        return UNKNOWN
    if re.match(r"Part of R\b", name):
        return of_expression("GPL-2.0-or-later", "DESCRIPTION")
    if name == "ACM":
        return Licence(OWN, name, "DESCRIPTION")
    if name == "Unlimited":
        return Licence(OPEN_STATUS, name, "DESCRIPTION")
    name = re.sub(r"\s*\(\s*>=?\s*([\d.]+)\s*\)", r" \1+", name)
    name = re.sub(r"\s*\(\s*==?\s*([\d.]+)\s*\)", r" \1", name).replace("_", " ")
    if re.fullmatch(r"(L|A)?GPL( \d[\d.]*\+?)?", name):
        return _of_gnu(name)
    return of_name(re.sub(r"(?<=\d)\+$", "", name), "DESCRIPTION")


def _of_gnu(name: str) -> Licence:
    family, _, version = name.partition(" ")
    later = version.endswith("+") or not version
    version = version.removesuffix("+") or {"GPL": "2", "LGPL": "2", "AGPL": "3"}[family]
    version = version if "." in version else f"{version}.0"
    return of_expression(f"{family}-{version}-{'or-later' if later else 'only'}", "DESCRIPTION")
