"""Every target, the most important first."""

from tests.fuzz import binaries, bundles, documents, key_files, services, settings, texts, told
from tests.fuzz.target import Target

__all__ = ["TABLE"]

_FIRST = (
    "bundle", "bundle-file", "envelope", "statement", "rekor-body", "certificate", "der", "timestamp", "json",
    "trusted-root", "sct", "checkpoint", "legacy-bundle", "legacy-layer", "public-key", "image-manifest", "reference",
    "verification", "policy", "revocation-list",
)  # fmt: skip

_ALL = {
    item.name: item
    for room in (bundles, documents, binaries, key_files, settings, told, texts, services)
    for item in room.TARGETS
}
TABLE: dict[str, Target] = {name: _ALL[name] for name in (*_FIRST, *(name for name in _ALL if name not in _FIRST))}
