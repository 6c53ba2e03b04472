"""F42: a hub that goes from JupyterHub 5.5 to 6 while servers run and intents wait."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import jupyterhub
import pytest

from ..attacks.scene import NAVIGATION, Visitor, text
