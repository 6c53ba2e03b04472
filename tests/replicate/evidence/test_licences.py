"""Licences as they are written in the wild, and what can be said of them for certain."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packaging.licenses import canonicalize_license_expression

from jupyter_2i2c.replicate.evidence import spdx
from jupyter_2i2c.replicate.evidence.licences import (
    CLASSIFIERS,
    FAMILIES,
    NAMES,
    of_classifiers,
    of_expression,
    of_metadata,
    of_name,
    of_r,
)
from jupyter_2i2c.replicate.evidence.packages import licence_fields

MIT_TEXT = """The MIT License

Copyright (c) 2020 Somebody

Permission is hereby granted, free of charge, to any person obtaining a copy of this software and
associated documentation files, to deal in the Software without restriction.
"""
BSD_TEXT = """# Licensing terms

Redistribution and use in source and binary forms, with or without
modification, are permitted provided that the following conditions are met:
- Neither the name of the project nor the names of its contributors may be used.
"""


@pytest.mark.parametrize(
    ("text", "status", "name"),
    [
        ("BSD", "open", "BSD"),
        ("MIT License", "open", "MIT"),
        ("The MIT License (MIT)", "open", "MIT"),
        ("Apache 2.0", "open", "Apache-2.0"),
        ("Apache License, Version 2.0", "open", "Apache-2.0"),
        ("GPLv3+", "open", "GPL-3.0-or-later"),
        ("GNU GPL v3+", "open", "GPL-3.0-or-later"),
        ("gpl-3", "open", "GPL-3.0-only"),
        ("3-Clause BSD License", "open", "BSD-3-Clause"),
        ("new BSD", "open", "BSD-3-Clause"),
        ("ISC License (ISCL)", "open", "ISC"),
        ("PSF", "open", "PSF-2.0"),
        ("public domain", "open", "Public Domain"),
        ("MIT/Apache-2.0", "open", "MIT / Apache-2.0"),
        ("MIT OR Apache-2.0", "open", "MIT OR Apache-2.0"),
        ("BSD, MIT", "open", "BSD / MIT"),
        ("GPL-2.0-or-later OR LicenseRef-Commercial", "open", None),
        ("BSD-3-Clause AND 0BSD AND MIT AND Zlib AND CC0-1.0", "open", None),
        ("Apache-2.0 WITH LLVM-exception", "open", None),
        ("MIT AND CC-BY-NC-4.0", "own-licence", None),
        ("(MIT OR Apache-2.0) AND LicenseRef-Proprietary", "own-licence", None),
        ("NVIDIA Proprietary Software", "own-licence", None),
        ("Commercial", "own-licence", None),
        ("LicenseRef-NVIDIA-End-User-License-Agreement", "own-licence", None),
        ("BUSL-1.1", "own-licence", "BUSL-1.1"),
        ("MIT and commercial", "not-known", None),
        ("MIT (modified)", "not-known", None),
        ("MIT License (with Commons Clause)", "not-known", None),
        ("LicenseRef-Ours", "not-known", None),
        ("Dual License", "not-known", "Dual License"),
        ("UNKNOWN", "not-known", None),
        ("see LICENSE", "not-known", None),
        ("", "not-known", ""),
        (MIT_TEXT, "open", "MIT"),
        (BSD_TEXT, "open", "BSD-3-Clause"),
        (MIT_TEXT + BSD_TEXT, "not-known", None),
        (MIT_TEXT + "Commons Clause: you may not sell it.", "not-known", None),
        ("All rights reserved.\nAsk us.\n" * 3, "not-known", None),
        ("(" * 500 + "MIT", "not-known", None),
    ],
)
def test_what_a_licence_is_called(text, status, name):
    told = of_name(text)
    assert told.status == status
    assert name is None or told.name == name


@pytest.mark.parametrize(
    ("text", "copyleft"),
    [("GPL-3.0-only", True), ("MPL-2.0", True), ("LGPLv3+", True), ("MIT", False), ("BSD", False)],
)
def test_what_asks_to_stay_open_is_open(text, copyleft):
    told = of_name(text)
    assert (told.status, told.copyleft) == ("open", copyleft)


@pytest.mark.parametrize(
    ("classifiers", "status", "name"),
    [
        (["OSI Approved :: MIT License"], "open", "MIT"),
        (["OSI Approved"], "open", ""),
        (["OSI Approved :: Some New License"], "open", "Some New License"),
        (["OSI Approved :: MIT License", "OSI Approved :: Apache Software License"], "open", None),
        (["Other/Proprietary License"], "own-licence", None),
        (["Free for non-commercial use"], "own-licence", None),
        (["OSI Approved :: MIT License", "Other/Proprietary License"], "not-known", None),
        (["Repoze Public License"], "not-known", ""),
        ([], "not-known", ""),
    ],
)
def test_classifiers(classifiers, status, name):
    told = of_classifiers(["Framework :: Jupyter", *(f"License :: {each}" for each in classifiers)])
    assert told.status == status
    assert name is None or told.name == name


def metadata(*lines):
    return of_metadata(licence_fields("\n".join(["Name: a", *lines, "", "License: in the text"])))


def test_an_expression_goes_before_classifiers_and_those_before_a_name():
    lines = ["License-Expression: ISC", "Classifier: License :: OSI Approved :: MIT License",
             "License: GPL"]  # fmt: skip
    assert (metadata(*lines).name, metadata(*lines).source) == ("ISC", "License-Expression")
    assert (metadata(*lines[1:]).name, metadata(*lines[1:]).source) == ("MIT", "classifiers")
    assert (metadata(lines[2]).name, metadata(lines[2]).source) == ("GPL-1.0-or-later", "License")
    assert metadata().status == "not-known"


def test_a_name_says_which_of_a_family_it_is():
    family = "Classifier: License :: OSI Approved :: BSD License"
    assert metadata(family).name == "BSD"
    assert metadata(family, "License: BSD-2-Clause").name == "BSD-2-Clause"
    assert metadata(family, "License: MIT").name == "BSD"
    approved = "Classifier: License :: OSI Approved"
    assert metadata(approved, "License: MIT").name == "MIT"
    assert metadata(approved, "License: our own").status == "open"


def test_classifiers_that_contradict_each_other_are_not_settled_by_a_name():
    lines = [f"Classifier: License :: {each}" for each in
             ("OSI Approved :: MIT License", "Other/Proprietary License")]  # fmt: skip
    assert metadata(*lines, "License: MIT").status == "not-known"


def test_a_text_over_several_lines_is_read_whole():
    text = "\n        ".join(MIT_TEXT.splitlines())
    assert metadata(f"License: {text}").name == "MIT"


@pytest.mark.parametrize(
    ("text", "status", "name"),
    [
        ("GPL-3", "open", "GPL-3.0-only"),
        ("GPL (>= 2)", "open", "GPL-2.0-or-later"),
        ("GPL-2 | GPL-3", "open", None),
        ("LGPL (>= 2.1)", "open", "LGPL-2.1-or-later"),
        ("MIT + file LICENSE", "open", "MIT"),
        ("BSD_3_clause + file LICENSE", "open", "BSD-3-Clause"),
        ("Apache License (>= 2)", "open", "Apache-2.0"),
        ("Artistic-2.0 | GPL (>= 2)", "open", None),
        ("Part of R 4.4.1", "open", None),
        ("Unlimited", "open", None),
        ("GPL (>= 2) | file LICENSE", "open", None),
        ("ACM", "own-licence", None),
        ("ACM | GPL-2", "open", None),
        ("file LICENSE", "not-known", ""),
        ("", "not-known", ""),
    ],
)
def test_licences_of_r(text, status, name):
    told = of_r(text)
    assert told.status == status
    assert name is None or told.name == name


def test_the_tables_name_licences_that_spdx_knows():
    known = {*CLASSIFIERS.values(), *NAMES.values(), *spdx.OPEN} - FAMILIES
    for each in known:
        assert canonicalize_license_expression(each) == each
        assert of_expression(each).status == "open", each
    assert not spdx.APPROVED & spdx.FREE


WORDS = st.lists(
    st.one_of(
        st.sampled_from(
            [
                *NAMES,
                "(",
                ")",
                "or",
                "AND",
                "WITH",
                "|",
                "+ file LICENSE",
                "\n",
                ">= 2",
                "LicenseRef-x",
            ]
        ),
        st.text(max_size=8),
    ),
    max_size=9,
).map(" ".join)


@given(WORDS)
def test_whatever_is_written_something_is_said(text):
    for told in (of_name(text), of_r(text), of_classifiers([f"License :: {text}", text])):
        assert told.status in ("open", "own-licence", "not-known")
        assert len(told.name) <= 120
