"""What an intent can be. Called by the desk, the API and the console; other parts add theirs to the registry."""

from __future__ import annotations

from .base import Action, Asked, BadTarget, Context, Effect, Outcome
from .people import AddUsers
from .rights import GrantAdmin, RevokeAdmin
from .servers import StartServer, StopServer
from .stop_all import StopAll

__all__ = ["Action", "Asked", "BadTarget", "Context", "Effect", "Outcome", "registry"]


def registry(context: Context) -> dict[str, Action]:
    """The actions that this hub offers, by name. A part adds its own to what comes back."""
    actions: list[Action] = [StopServer(), StartServer(), StopAll()]
    if context.admin_users_feature:
        actions += [AddUsers(), GrantAdmin(context), RevokeAdmin(context)]
    return {action.name: action for action in actions}
