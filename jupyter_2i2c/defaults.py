"""2i2c's public facts, said wherever a hub says nothing else. Read by config.py; every word can be replaced.

The one-sentence statement of the right to replicate is 2i2c's own, word for word, from
https://2i2c.org/right-to-replicate/. The rest is told in our words and linked to its page.
"""

from __future__ import annotations

from .model import (
    Contact,
    HubFacts,
    Layer,
    Link,
    OutageKind,
    Party,
    Principle,
    SupportCategory,
)

OPERATOR = Party("2i2c", "https://2i2c.org/")

OPERATOR_CONTACT = Contact(
    role="operator",
    name="2i2c support",
    purpose="outages, and changes to the hub",
    audience="representatives",
    email="support@2i2c.org",
    url="https://docs.2i2c.org/support/",
)

DEFAULTS = HubFacts(
    name="Community hub",
    operated_by=OPERATOR,
    audience=(
        "Research and education communities that want Jupyter in the cloud, built from open "
        "tools, and the possibility to run it themselves one day."
    ),
    docs_url="https://docs.2i2c.org/",
    status_url="https://2i2c-hubs.trust.pagerduty.com/",
    statement=(
        "The Right to Replicate gives communities the right to replicate their infrastructure "
        "in its entirety elsewhere, with or without 2i2c."
    ),
    statement_url="https://2i2c.org/right-to-replicate/",
    layers=(
        Layer("data", "Your code and data", "MAY", "Open or not: that is up to you."),
        Layer(
            "environment",
            "Your environment",
            "SHOULD",
            "Open wherever possible; what you need for your work comes first.",
        ),
        Layer(
            "infrastructure",
            "The hub's infrastructure",
            "MUST",
            "Open source only: JupyterHub, Kubernetes and what they build on.",
        ),
        Layer(
            "cloud",
            "The cloud beneath it",
            "MUST",
            "Portable: managed open source, or behind something that can be replaced.",
        ),
    ),
    commitments=(
        "The infrastructure runs on open source only; changes to it are public and go upstream.",
        "Nothing depends directly on products or interfaces that only one cloud sells.",
    ),
    platform=OPERATOR,
    mission=(
        "To develop, operate and support open infrastructure for interactive computing in "
        "research and education."
    ),
    mission_url="https://2i2c.org/mission/",
    principles=(
        Principle("Transparency", "configuration_url"),
        Principle("Empowerment", "statement_url"),
        Principle("Partnership", "roadmap_url"),
    ),
    roadmap_url="https://2i2c.org/roadmap/",
    upstream_url="https://2i2c.org/kpis/upstream/",
    impact_url="https://2i2c.org/impact/",
    qualifications=(
        Link("Who 2i2c is", "https://2i2c.org/organization/"),
        Link("Communities it works with", "https://2i2c.org/members/"),
    ),
    contacts=(OPERATOR_CONTACT,),
    support_categories=(
        SupportCategory(
            "incident",
            "Something is broken",
            "The hub works much worse than it should, for one community or more.",
            "a first answer within a working day, usually much faster",
        ),
        SupportCategory(
            "change",
            "Change something",
            "The environment, resources, access, or a fix in a project upstream.",
            "a first answer within a working day, then it is planned",
        ),
        SupportCategory(
            "guidance",
            "Ask for advice",
            "How to do something on this hub, or how to do it well.",
            "a first answer within a working day",
        ),
        SupportCategory(
            "event",
            "Announce an event",
            "A workshop or a class that needs the hub at a certain time.",
            "tell us three weeks before",
        ),
    ),
    outage_kinds=(
        OutageKind("unreachable", "The hub's address does not answer", reportable=False),
        OutageKind("login", "People who may log in cannot", reportable=False),
        OutageKind("spawn", "Servers do not start", reportable=False),
        OutageKind("home-full", "A home directory is full"),
        OutageKind("slow", "Slow, or kernels die"),
        OutageKind("provider", "The cloud or the image registry has an outage"),
    ),
    age_recipient="age1mmx8hfzalmn3tmpryrfvcud5vyfakxdfqe683r40qkr6pjd2ag6s72cat5",
)
