"""The example hub with something of everything that a hub may be configured with. Read by JupyterHub when `jupyter 2i2c drill` captures it."""

import os
from pathlib import Path

from jupyterhub.spawner import SimpleLocalProcessSpawner
from traitlets import List

load_subconfig(str(Path(__file__).with_name("jupyterhub_config.py")))
c = get_config()


class ProfileSpawner(SimpleLocalProcessSpawner):
    """Starts servers by a list of profiles, as a hub on Kubernetes does."""

    profile_list = List(config=True)

    def options_from_form(self, form):
        """The profile that was chosen."""
        return {"profile": form.get("profile", [self.profile_list[0]["slug"]])[0]}

    def chosen(self):
        """The chosen profile, or the first one."""
        wanted = self.user_options.get("profile")
        return next(
            (each for each in self.profile_list if each["slug"] == wanted), self.profile_list[0]
        )


def announce_profile(spawner):
    """Tell the server which profile it runs."""
    spawner.environment = {**spawner.environment, "COASTAL_PROFILE": spawner.chosen()["slug"]}


def lower_names(_authenticator, _handler, authentication):
    """Take names as the directory of the university writes them."""
    return {**authentication, "name": authentication["name"].lower()}


c.JupyterHub.spawner_class = ProfileSpawner
c.ProfileSpawner.profile_list = [
    {"display_name": "Small", "slug": "small", "kubespawner_override": {"mem_limit": "1G"}},
    {"display_name": "Large", "slug": "large", "kubespawner_override": {"mem_limit": "8G"}},
]
c.ProfileSpawner.home_dir_template = os.environ["LOCAL_HUB_STATE"] + "/home/{username}"
c.Spawner.pre_spawn_hook = announce_profile
c.Authenticator.post_auth_hook = lower_names

c.JupyterHub.load_groups = {
    "class-of-2026": {"users": ["ada", "grace"], "properties": {"level": "beginner"}}
}
c.JupyterHub.services.append(
    {"name": "gradebook", "api_token": "an-example-token-that-stays-behind"}
)
c.JupyterHub.load_roles.append(
    {"name": "gradebook", "services": ["gradebook"], "scopes": ["read:groups!group=class-of-2026"]}
)
