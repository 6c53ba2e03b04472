"""What the tokens can do that users' servers hold, and those that servers get of their visitors. Called by checks/__init__.py."""

from __future__ import annotations

from ...scopes import ACCESS, mints_tokens, over_others
from ..findings import Finding
from ..observed import Observed, RoleFact, TokenFact
from .words import listed

SAFE = ("users:activity!user", "access:servers!server")
"""What JupyterHub itself gives to every server."""

HARMLESS_FOR_VISITORS = ("access:servers!server", "read:users:name!user", "read:users:groups!user")


def _base(observed: Observed, token: TokenFact) -> tuple[tuple[str, ...], str]:
    """The scopes that servers of a section start from, and where they are written."""
    if token.how == "list":
        return token.scopes, f"c.{token.section}.server_token_scopes"
    return _role(observed)


def _role(observed: Observed) -> tuple[tuple[str, ...], str]:
    role = observed.role("server")
    if role is not None and role.states_scopes:
        return role.scopes, "the role “server”"
    return SAFE, "JupyterHub's own role “server”"


def _role_without(observed: Observed) -> str:
    """The mend: the role ``server`` as it is, without what mints tokens."""
    scopes = dict.fromkeys(
        [*SAFE, *(each for each in _role(observed)[0] if not mints_tokens(each))]
    )
    written = ", ".join(f'"{each}"' for each in scopes)
    return (
        "In c.JupyterHub.load_roles, a role without what mints tokens:\n"
        f'{{"name": "server", "scopes": [{written}]}}'
    )


def _seen(observed: Observed, token: TokenFact) -> tuple[str, ...]:
    """What a function was seen to give to administrators' servers."""
    return (*token.seen, *(_role(observed)[0] if token.left_to_role else ()))


def minting(observed: Observed) -> Finding:
    """Whether a notebook in an administrator's server can make itself an administrator's token."""
    found: list[str] = []
    narrowed: list[str] = []
    unknown: list[str] = []
    own_list = False
    for token in observed.tokens:
        if token.how in ("callable", "unreadable"):
            place = f"the function in c.{token.section}.server_token_scopes"
            scopes, asked = _seen(observed, token), token.asked
        else:
            scopes, place = _base(observed, token)
            asked = True
        minted = [each for each in scopes if mints_tokens(each)]
        if token.narrow:
            if minted:
                narrowed.append(f"{listed(minted)} is in {place}, and taken from their servers")
        elif minted:
            own_list = own_list or token.how != "unset"
            found.append(f"{place} gives {listed(minted)} to administrators' servers, too")
        elif not asked:
            unknown.append(place)
    name = "server-token-mints"
    if not observed.tokens:
        return Finding(
            name,
            "not known",
            "What the tokens in users' servers can do is not known",
            "the hub's configuration could not be read to the end",
            mend="Restart the hub, and look into its log for lines of jupyter_2i2c.",
        )
    if found:
        mend = "setup_hub(c, narrow_admin_servers=True)"
        if not any(token.ours for token in observed.tokens):
            mend = "from jupyter_2i2c import setup_hub\nsetup_hub(c)"
        instead = (
            "Or name in server_token_scopes only what servers need."
            if own_list
            else f"Or instead:\n{_role_without(observed)}"
        )
        return Finding(
            name,
            "red",
            "Any notebook in an administrator's server can make itself an administrator's token",
            f"{'; '.join(dict.fromkeys(found))}; they are not taken from it"
            " (narrow_admin_servers is off)",
            "JupyterHub gives such a token all rights of the server's owner, whatever the server's own"
            " token may do, and it outlives the server. The service refuses to take admin actions"
            " from such servers.",
            f"{mend}\n{instead}\nThen restart the hub, and the administrators' servers.",
        )
    if unknown:
        return Finding(
            name,
            "not known",
            "Whether administrators' servers can make tokens shows when one starts",
            f"{listed(unknown)} answers for each server anew, and no administrator's server has"
            " started since the hub did",
            "With self, tokens, inherit or admin:… any notebook there could make itself an"
            " administrator's token.",
            "setup_hub(c, narrow_admin_servers=True)",
        )
    every = all(token.narrow for token in observed.tokens)
    how = "by narrow_admin_servers" if every else "no server gets self, tokens, inherit or admin:…"
    if narrowed:
        how = "; ".join(dict.fromkeys(narrowed))
    return Finding(name, "green", "Administrators' servers cannot make tokens", how)


def minting_for_helpers(observed: Observed) -> Finding | None:
    """Whether the servers of people with some rights over others can make tokens with those."""
    minted = [
        each
        for token in observed.tokens
        for each in (
            _seen(observed, token) if token.how == "callable" else _base(observed, token)[0]
        )
        if mints_tokens(each)
    ]
    looked_after = all(token.narrow for token in observed.tokens)
    helpers = [
        role
        for role in observed.roles
        if _gives_people_rights_over_others(role) and (role.name == "user" or not looked_after)
    ]
    if not minted or not helpers:
        return None
    names = listed(f"“{role.name}”" for role in helpers)
    scopes = listed(scope for role in helpers for scope in over_others(role.scopes))
    return Finding(
        "server-token-mints-for-helpers",
        "yellow",
        "Notebooks of people with some rights over others can use those rights",
        f"the role {names} gives {scopes} to users or groups, and servers hold {listed(minted)}",
        "narrow_admin_servers looks after people to whom a role gives such rights, where it is on,"
        " and not after what the role “user” gives to everybody. Whoever has rights over other"
        " people's servers or accounts then has a server that can make itself a token with them.",
        _role_without(observed),
    )


def _gives_people_rights_over_others(role: RoleFact) -> bool:
    if role.name in ("server", "admin") or not (role.users or role.groups or role.name == "user"):
        return False
    # who holds one of these counts as an administrator, and is looked after
    if any("!" not in each and each != "self" and mints_tokens(each) for each in role.scopes):
        return False
    return bool(over_others(role.scopes))


def visitors(observed: Observed) -> Finding:
    """Whether a user's server gets a token with which it could act for those who visit it."""
    name = "oauth-scopes-widened"
    mend = "Remove the line:\n# c.Spawner.oauth_client_allowed_scopes = …"
    bad: list[str] = []
    weighed: list[str] = []
    for token in observed.tokens:
        place = f"c.{token.section}.oauth_client_allowed_scopes"
        if token.oauth_how in ("callable", "unreadable"):
            return Finding(
                name,
                "not known",
                "What a user's server may do for its visitors is decided by a function",
                f"{place} is a function, which is not called here",
                "Whatever it names, the token of an administrator who opens somebody's server holds it"
                " there, in reach of that person's code.",
                mend,
            )
        for scope in token.oauth_scopes:
            entering = scope.startswith("access:services!service=")
            (weighed if entering or scope in HARMLESS_FOR_VISITORS else bad).append(scope)
    if bad:
        return Finding(
            name,
            "red",
            "Whoever opens somebody's server hands it rights of their own",
            f"oauth_client_allowed_scopes holds {listed(bad)}",
            "When an administrator opens a user's server, that server gets a token of the"
            " administrator with these scopes. A hostile user then holds it. The page that asks for"
            " consent does not make this plain.",
            mend,
        )
    if weighed:
        return Finding(
            name,
            "yellow",
            "A user's server may enter services in the name of its visitors",
            f"oauth_client_allowed_scopes holds {listed(weighed)}",
            "The service sees the visitor, not the server's owner, though the owner's code asks.",
            mend,
        )
    return Finding(
        name,
        "green",
        "A user's server cannot act for those who visit it",
        "oauth_client_allowed_scopes is empty",
    )


def servers_reach_service(observed: Observed) -> Finding | None:
    """Whether servers' tokens hold the scope that lets them ask our service."""
    name = "server-access"
    lacking = []
    for token in observed.tokens:
        scopes, place = _base(observed, token)
        if token.ours or ACCESS in scopes or "inherit" in scopes:
            continue
        if token.how == "callable":
            return Finding(
                name,
                "not known",
                "Whether servers may ask the service is decided by a function",
                f"c.{token.section}.server_token_scopes is a function that setup_hub has not composed",
                "A server whose token lacks the scope shows no news of the hub.",
                "setup_hub(c)",
            )
        lacking.append(f"{place} lacks {ACCESS}")
    if lacking:
        return Finding(
            name,
            "red",
            "Users' servers may not ask the service",
            "; ".join(lacking),
            "A list replaces JupyterHub's own. Without the scope the service answers 403, and the"
            " panel shows “Restart your server” for ever.",
            f'Let setup_hub(c) compose it, or add "{ACCESS}" to that list.',
        )
    return Finding(name, "green", "Users' servers may ask the service", f"they get {ACCESS}")


def servers_report(observed: Observed) -> Finding | None:
    """Whether servers can tell the hub that they are in use, and let their owner in."""
    lacking: dict[str, list[str]] = {}
    for token in observed.tokens:
        if token.how in ("callable", "unreadable"):
            continue
        scopes, place = _base(observed, token)
        if "inherit" in scopes:
            continue
        activity = {"self", "users:activity", "users:activity!user"}
        if activity.isdisjoint(scopes):
            lacking.setdefault(place, []).append("users:activity!user")
    if not lacking:
        return None
    found = "; ".join(f"{place} lacks {listed(scopes)}" for place, scopes in lacking.items())
    return Finding(
        "server-activity",
        "yellow",
        "Servers cannot tell the hub that they are in use",
        found,
        "The hub sees only what passes its proxy, and the culler stops servers that compute.",
        'Add "users:activity!user" there.',
    )


CHECKS = (minting, minting_for_helpers, visitors, servers_reach_service, servers_report)
