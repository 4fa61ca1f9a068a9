"""The trust material of the public instances that is part of the package (docs/data-origins.md)."""

import os
from typing import Final

__all__ = ["PUBLIC_GOOD_MIRROR", "STAGING_MIRROR", "embedded_file"]

PUBLIC_GOOD_MIRROR: Final = "https://tuf-repo-cdn.sigstore.dev"
STAGING_MIRROR: Final = "https://tuf-repo-cdn.sigstage.dev"
_FOLDERS: Final = {PUBLIC_GOOD_MIRROR: "public-good", STAGING_MIRROR: "staging"}


def embedded_file(mirror: str, name: str) -> bytes | None:
    """The `root.json`, `trusted_root.json` or `signing_config.v0.2.json` of a public mirror; None: not here."""
    folder = _FOLDERS.get(mirror.rstrip("/"))
    if folder is None:
        return None
    try:
        with open(os.path.join(os.path.dirname(__file__), "data", folder, name), "rb") as file:
            return file.read()
    except FileNotFoundError:
        return None
