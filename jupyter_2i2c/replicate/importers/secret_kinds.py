"""What a secret is, told by its place: what sort, who issues a new one, how. Called wherever a slot is made."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ..redact import is_secret_name
from .source import CHART
from .source import Path as Place

KINDS = (
    "oauth-client-id",
    "oauth-client-secret",
    "shared-password",
    "registry-credential",
    "service-account-key",
    "private-key",
    "api-key",
    "code",
    "configuration",
    "password",
    "token",
    "own-token",
    "setting",
    "unknown",
)
"""All kinds. ``code`` and ``configuration`` hide behaviour, ``setting`` a plain setting in an encrypted file; a new one of ``own-token`` is made with ``openssl rand -hex 32``."""


NO_SECRET_KEYS = re.compile(
    r"^(key|allow_origin_pat|existingSecret|envFromSecret|imagePullSecrets?|secretName|secretKeyRef|automountServiceAccountToken"
    r"|.*(Secret|Token|Cookie)(Name|Ref|Key|Path|Type)|.*_(groups|username|user)_key"
    r"|.*(token|cookie|password|secret|signature|credential)s?_?(expires_in|expires_in_max_seconds|type|scopes?"
    r"|length|samesite|options|hook|params?|claim|helper|enabled|max_age(_days)?|alg(orithm)?s?|ttl|lifetime|policy"
    r"|prefix|header|field|rules?))$",
    re.IGNORECASE,
)
"""Keys that only sound like a secret; what sounds so by ``_url`` and the like, redact.py knows."""


def sounds_secret(key: str) -> bool:
    """Whether a secret belongs under this key, as far as its name tells."""
    return is_secret_name(key) and NO_SECRET_KEYS.match(key) is None


@dataclass(frozen=True)
class Kind:
    """What a slot is.

    Attributes:
        name: of the variable that stands for it.
        kind: one of `KINDS`.
        what, issued_by, how: in words.
    """

    name: str
    kind: str
    what: str
    issued_by: str
    how: str


_ISSUERS = {
    "CILogonOAuthenticator": (
        "CILogon",
        "register a client at https://cilogon.org/oauth2/register",
    ),
    "GitHubOAuthenticator": (
        "GitHub",
        "make an OAuth app in the settings of your GitHub organisation",
    ),
    "GoogleOAuthenticator": ("Google", "make an OAuth client in a Google Cloud project of yours"),
    "Auth0OAuthenticator": ("Auth0", "make an application in your Auth0 tenant"),
    "AzureAdOAuthenticator": ("Microsoft Entra", "register an application in your tenant"),
    "GlobusOAuthenticator": (
        "Globus",
        "register an app at https://app.globus.org/settings/developers",
    ),
    "GitLabOAuthenticator": ("GitLab", "make an application in the settings of your GitLab group"),
    "ORCIDOAuthenticator": ("ORCID", "register a client in the developer tools of ORCID"),
}
_ANY_ISSUER = ("the identity provider", "register a client with whoever runs the login")
_CALLBACK = "; it is bound to the address https://YOUR-DOMAIN/hub/oauth_callback"


def kind_of(path: Place, type_: str = "str") -> Kind:
    """What a slot at this place is.

    Arguments:
        path: in values or in a file of values, nested or not.
        type_: what sops says it is.
    """
    parts = [str(each) for each in path]
    name = name_of(path)
    if type_ == "comment":
        return Kind(name, "setting", "an encrypted comment", "nobody", "nothing needs it")
    if type_ == "bool" or parts[-1] in ("create", "enabled", "mountPath", "mode"):
        return Kind(name, "setting", "a plain setting that stands in an encrypted file",
                    "you", "choose it; it is no secret")  # fmt: skip
    for matches, found in _RULES:
        if matches(parts):
            kind, what, issued_by, how = found(parts)
            return Kind(name, kind, what, issued_by, how)
    return Kind(name, "unknown", "an encrypted value of a meaning that its place does not tell",
                "the operator knows", "ask the hub's operator what it is")  # fmt: skip


def name_of(path: Place) -> str:
    """The variable that stands for what is at a place."""
    parts = [str(each) for each in path]
    while parts and parts[0] in ("basehub", CHART):
        del parts[0]
    if parts[:2] == ["hub", "config"] or parts[:2] == ["singleuser", "extraEnv"]:
        del parts[:2]
    words = [
        each if each[:1].isupper() else re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", each)
        for each in parts
    ]
    name = re.sub(r"\W+", "_", "_".join(words), flags=re.ASCII).strip("_").upper()
    return name if name[:1].isalpha() else f"SECRET_{name}".rstrip("_")


def free_name(name: str, of: object, taken: dict[str, Any]) -> str:
    """The name, or else one with a number, that stands for nothing but `of`; it is noted in `taken`."""
    candidate, number = name, 2
    while taken.setdefault(candidate, of) != of:
        candidate, number = f"{name}_{number}", number + 1
    return candidate


def _authenticator(parts: list[str]) -> str:
    return next((each for each in reversed(parts) if each.endswith("Authenticator")), "")


def _client(parts: list[str]) -> tuple[str, str, str, str]:
    issuer, how = _ISSUERS.get(_authenticator(parts), _ANY_ISSUER)
    kind = "oauth-client-id" if parts[-1] == "client_id" else "oauth-client-secret"
    said = "the client's id" if kind == "oauth-client-id" else "the client's secret"
    return kind, f"{said} for the login through {issuer}", issuer, how + _CALLBACK


def _constant(
    kind: str, what: str, issued_by: str, how: str
) -> Callable[[list[str]], tuple[str, str, str, str]]:
    return lambda _: (kind, what, issued_by, how)


_REGISTRY_HOW = (
    "make an account for robots in the registry that shall hold the images, with a new password"
)

_RULES: tuple[tuple[Callable[[list[str]], bool], Callable[[list[str]], tuple[str, str, str, str]]], ...] = (
    (lambda parts: parts[-1] in ("client_id", "client_secret"), _client),
    (
        lambda parts: parts[-1] in ("password", "user_password", "admin_password")
        and _authenticator(parts) in ("SharedPasswordAuthenticator", "DummyAuthenticator"),
        _constant("shared-password", "a password that people share to log in", "you",
                  "choose a new long one and tell it to whom it is for"),
    ),
    (
        lambda parts: "imagePullSecret" in parts or "imagePullSecrets" in parts,
        _constant("registry-credential", "what images are pulled with from a private registry",
                  "the registry's owner", _REGISTRY_HOW),
    ),
    (
        lambda parts: "buildPodsRegistryCredentials" in parts or "DockerRegistry" in parts,
        _constant("registry-credential", "what images that people build are pushed with",
                  "the registry's owner", _REGISTRY_HOW),
    ),
    (
        lambda parts: parts[-1] in ("googleServiceAccountKey", "service_account_key"),
        _constant("service-account-key", "the key of a service account of Google Cloud",
                  "the owner of the cloud project", "make a service account in your own project, or leave out what needs it"),
    ),
    (
        lambda parts: parts[-1].endswith((".pem", "_pem", "private_key", "privateKey"))
        or (len(parts) > 1 and parts[-2].endswith((".pem", ".key"))),
        _constant("private-key", "a private key", "whoever holds the app or account that it is of",
                  "make a new key there, and withdraw the old one"),
    ),
    (
        lambda parts: "extraConfig" in parts,
        _constant("code", "Python that is hidden, behaviour and not only a credential", "the operator",
                  "ask the operator for what it does, or write it anew"),
    ),
    (
        lambda parts: parts[-1] in ("stringData", "data", "binaryData") and "extraFiles" in parts,
        _constant("configuration", "a whole file that is hidden, behaviour perhaps and not only a credential",
                  "the operator", "ask the operator what is in it"),
    ),
    (
        lambda parts: parts[-1].lower() in ("cookiesecret", "cookie_secret", "proxysecrettoken", "secrettoken",
                                            "cryptkey", "crypt_keys", "apitoken", "api_token"),
        _constant("own-token", "a token of the hub itself", "you", "make one: openssl rand -hex 32"),
    ),
    (
        lambda parts: bool(re.search(r"api_?key|access_?key|_KEY$", parts[-1], re.IGNORECASE)),
        _constant("api-key", "a key for a service elsewhere", "that service", "make a new one in your own account there"),
    ),
    (
        lambda parts: bool(re.search(r"passw|passwd|_pwd", parts[-1], re.IGNORECASE)),
        _constant("password", "a password for a service elsewhere", "that service", "make a new one in your own account there"),
    ),
    (
        lambda parts: bool(re.search(r"token|secret|credential|pgt$|_pat$", parts[-1], re.IGNORECASE)),
        _constant("token", "a token for a service elsewhere", "that service", "make a new one in your own account there"),
    ),
    (
        lambda parts: bool(re.search(r"user(name)?$|_url$|(^|_)url$|host$", parts[-1], re.IGNORECASE)),
        _constant("setting", "a setting that goes with a secret", "that service", "it comes with your own account there"),
    ),
)  # fmt: skip
