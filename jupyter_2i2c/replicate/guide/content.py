"""What a guide says, before it is text. Made by kubernetes.py and machine.py, written down by text.py.

Every text in here may come from somebody's configuration; text.py sees to it that none of it is markup.
Words between backticks in it are shown as code.
"""

from __future__ import annotations

from dataclasses import dataclass

Row = tuple[str, ...]


@dataclass(frozen=True)
class Stage:
    """One step of the way.

    Attributes:
        title: of it.
        who: takes it, one of the people that the guide lists.
        texts: what to do, each a paragraph of its own.
        commands: to type, in order; may be none.
        done: how one knows that it is done.
        points: a list below the texts; may be empty.
    """

    title: str
    who: str
    texts: tuple[str, ...]
    commands: tuple[str, ...]
    done: str
    points: tuple[str, ...] = ()


@dataclass(frozen=True)
class Guide:
    """All of it.

    Attributes:
        hub: what people call it.
        about: fact to what it is, of this hub.
        targets: where it can go: what, what it takes, and what it costs this hub.
        questions: to decide before anything is built: the question, what this hub does now, what
            depends on it.
        places: what belongs to the old place: what stands there now, what it is, how to decide,
            what `build` writes there meanwhile.
        people: who is needed, for what, and why this hub needs it.
        skills: what they must know, why, and where to learn it.
        ask: what only the old operator can give, and why.
        stages: the steps, in order.
        secrets: variable, what it is, who issues it, how to get it, where it stood.
        hidden: what is encrypted and is no credential, as `secrets`.
        findings: severity, place, what, mend.
        notes: how many findings are of no consequence for a replica.
        different: what will not be as it was, and why.
    """

    hub: str
    about: tuple[Row, ...]
    targets: tuple[Row, ...]
    questions: tuple[Row, ...]
    places: tuple[Row, ...]
    people: tuple[Row, ...]
    skills: tuple[Row, ...]
    ask: tuple[Row, ...]
    stages: tuple[Stage, ...]
    secrets: tuple[Row, ...]
    hidden: tuple[Row, ...] = ()
    findings: tuple[Row, ...] = ()
    notes: int = 0
    different: tuple[Row, ...] = ()
