"""What browsers keep apart, and what they do not. Called by checks/__init__.py."""

from __future__ import annotations

import ipaddress
from urllib.parse import urlsplit

from ..findings import Finding
from ..observed import Observed

WORKERS = "service-worker-allowed"


def shared(observed: Observed) -> Finding:
    """Whether users' servers share an origin with the hub."""
    name = "shared-origin"
    if observed.subdomain_host:
        return Finding(
            name,
            "green",
            "Every user's server has a host of its own",
            f"subdomain_host is {observed.subdomain_host}",
        )
    own = "" if not observed.user_config else "\nc.Spawner.disable_user_config = True"
    return Finding(
        name,
        "yellow",
        "Users' servers and the hub share one origin, so their pages can reach the hub's",
        "c.JupyterHub.subdomain_host is not set, which is JupyterHub's default",
        "To a browser, a page from any user's server is the same site as the hub. If an administrator"
        " opens a hostile user's server, or a link to it, while logged in, its page can use the hub"
        " as that administrator: list users, make administrators, make tokens. Our console keeps"
        " such pages out, unless the server has put a service worker over the whole site; then"
        " what the administrator sees, console included, may be false. Neither we nor any other service"
        " can prevent this; the hub's own address is within reach.",
        "Give users' servers hosts of their own, with a wildcard DNS entry and certificate:\n"
        'c.JupyterHub.subdomain_host = "https://hub.example.org"\n'
        "Until then, drop the header Service-Worker-Allowed from /user/* in the proxy in front, do"
        " not let users configure their servers, and let administrators open other people's servers"
        f" in a private window only.{own}",
    )


def service_workers(observed: Observed) -> Finding:
    """Whether a user's server could put a service worker over the hub."""
    if observed.subdomain_host:
        return Finding(
            WORKERS,
            "green",
            "A user's service worker stays in that user's host",
            "by subdomain_host",
        )
    return Finding(
        WORKERS,
        "yellow",
        "Nothing here drops the header with which a user's server could take over the whole site",
        "the proxy that JupyterHub brings passes Service-Worker-Allowed on; one in front of it may"
        " drop it, which cannot be seen from here",
        "A page of a hostile server can register a service worker for “/”. From then on it answers in"
        " the place of the hub and of the console, in every browser that has seen that page.",
        "In the proxy in front, for example nginx:\n"
        "location ~ ^/user/ { proxy_hide_header Service-Worker-Allowed; … }\n"
        "or Traefik, as a middleware of that route:\n"
        'headers: {customResponseHeaders: {Service-Worker-Allowed: ""}}\n'
        "It goes away for certain with c.JupyterHub.subdomain_host.",
    )


def encrypted(observed: Observed) -> Finding:
    """Whether people reach the hub by https."""
    name = "plain-http"
    for address in (observed.public_url, observed.subdomain_host):
        if address.startswith("https://"):
            return Finding(name, "green", "People reach the hub by https", address)
    if observed.tls or observed.bind_url.startswith("https://"):
        return Finding(
            name, "green", "People reach the hub by https", "the proxy has a certificate"
        )
    public = observed.public_url or observed.subdomain_host
    address = public or observed.bind_url
    if _loopback(urlsplit(address).hostname or ""):
        return Finding(
            name,
            "green",
            "The hub listens on this machine only",
            f"{address}; how people reach it from elsewhere is the matter of the proxy in front",
        )
    return Finding(
        name,
        "yellow",
        "The hub is reached without encryption, as far as its configuration says",
        f"it is at {address}",
        "Passwords and cookies can be read on their way. And browsers send what the console needs to"
        " tell a person's click from a script's only over https: it refuses to work without.",
        "If a proxy in front ends TLS, say so:\n"
        'c.JupyterHub.public_url = "https://hub.example.org/"\n'
        "If not, give the hub a certificate:\n"
        'c.JupyterHub.ssl_key = "…"\nc.JupyterHub.ssl_cert = "…"',
    )


def _loopback(name: str) -> bool:
    if name == "localhost" or name.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False


def other_sites(observed: Observed) -> Finding:
    """Whether the hub lets other sites read its answers."""
    name = "cors"
    headers = {}
    for each in observed.headers:
        header, _, value = each.partition(": ")
        headers[header.lower()] = value
    origin = headers.get("access-control-allow-origin", "")
    mend = 'Take the header out of c.JupyterHub.tornado_settings["headers"].'
    if origin and headers.get("access-control-allow-credentials", "").lower() == "true":
        return Finding(
            name,
            "red",
            "Other sites may use the hub as whoever is logged in",
            f"Access-Control-Allow-Origin: {origin}, with credentials",
            "A page there can ask the hub with the visitor's own cookies and read the answers.",
            mend,
        )
    if origin:
        return Finding(
            name,
            "yellow",
            "Other sites may read what the hub answers",
            f"Access-Control-Allow-Origin: {origin}",
            "Scripts of other sites that hold a token can use the hub from a visitor's browser.",
            mend,
        )
    return Finding(
        name, "green", "Other sites cannot read the hub's answers", "no CORS header is set"
    )


def frames(observed: Observed) -> Finding | None:
    """Whether the hub's pages may be shown inside of others."""
    for each in observed.headers:
        header, _, value = each.partition(": ")
        if header.lower() != "content-security-policy":
            continue
        rule = next(
            (part.split() for part in value.split(";") if part.split()[:1] == ["frame-ancestors"]),
            [],
        )
        if set(rule[1:]) and set(rule[1:]) <= {"'self'", "'none'"}:
            continue
        return Finding(
            "frames",
            "yellow",
            "Other sites may show the hub's pages inside of theirs",
            f"Content-Security-Policy: {value}",
            "What looks like a click on that site may be a click on the hub. Our console forbids it"
            " for itself.",
            "Let frame-ancestors there name 'self' or 'none' only.",
        )
    return None


def host_cookies(observed: Observed) -> Finding | None:
    """Whether services' cookies go to users' servers, too."""
    if not observed.host_prefix or observed.subdomain_host:
        return None
    return Finding(
        "cookie-host-prefix",
        "yellow",
        "Services' login cookies are sent to every user's server",
        "cookie_host_prefix_enabled is on, on a shared origin",
        "Such cookies have the path “/”. A service that keeps its token in one shows it to whichever"
        " server its user opens. Our console's holds no token.",
        "c.JupyterHub.cookie_host_prefix_enabled = False\nor set c.JupyterHub.subdomain_host.",
    )


CHECKS = (shared, service_workers, encrypted, other_sites, frames, host_cookies)
