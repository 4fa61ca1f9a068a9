"""Where pycosign keeps what is its own, beside Cosign's TUF cache."""

import os
from collections.abc import Mapping

__all__ = ["has_instances", "home_directory", "instances_path", "user_home"]


def user_home(environ: Mapping[str, str]) -> str:
    """The user's home directory: HOME, else what the system knows of the user."""
    home = environ.get("HOME")
    if home:
        return home
    if os.environ.get("HOME") == "":  # `expanduser` would take the empty text for "/"
        try:
            import pwd

            return pwd.getpwuid(os.getuid()).pw_dir
        except (ImportError, KeyError):  # no such system, no such user
            pass
    return os.path.expanduser("~")


def home_directory(environ: Mapping[str, str]) -> str:
    """$PYCOSIGN_HOME, else ~/.sigstore/pycosign."""
    home = environ.get("PYCOSIGN_HOME")
    return os.path.abspath(home) if home else os.path.join(user_home(environ), ".sigstore", "pycosign")


def instances_path(environ: Mapping[str, str]) -> str:
    """The file of the named instances."""
    return os.path.join(home_directory(environ), "instances.json")


def has_instances(environ: Mapping[str, str]) -> bool:
    """Whether there is, or may be, such a file: that there is none is all that a command without any has to find out.

    A link that leads nowhere and a folder that is closed to us count: whoever uses a private instance must not get the
    public one in its place because a disk is missing.
    """
    try:
        os.lstat(instances_path(environ))
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError:
        return True
    return True
