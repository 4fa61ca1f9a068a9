"""Where pycosign keeps what is its own, beside Cosign's TUF cache."""

import os
from collections.abc import Mapping

__all__ = ["home_directory", "instances_path", "user_home"]


def user_home(environ: Mapping[str, str]) -> str:
    """The user's home directory."""
    return environ.get("HOME") or os.path.expanduser("~")


def home_directory(environ: Mapping[str, str]) -> str:
    """$PYCOSIGN_HOME, else ~/.sigstore/pycosign."""
    home = environ.get("PYCOSIGN_HOME")
    return os.path.abspath(home) if home else os.path.join(user_home(environ), ".sigstore", "pycosign")


def instances_path(environ: Mapping[str, str]) -> str:
    """The file of the named instances. That it does not exist is all that a command without any has to find out."""
    return os.path.join(home_directory(environ), "instances.json")
