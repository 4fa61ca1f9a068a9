"""The names that Cosign has for predicate types. Source: cosign 3.1.2, `--type` of its attesting commands."""

from collections.abc import Mapping
from typing import Final

__all__ = ["PREDICATE_TYPES", "predicate_type_uri"]

PREDICATE_TYPES: Final[Mapping[str, str]] = {
    "custom": "https://cosign.sigstore.dev/attestation/v1",
    "cyclonedx": "https://cyclonedx.org/bom",
    "link": "https://in-toto.io/Link/v1",
    "openvex": "https://openvex.dev/ns",
    "slsaprovenance": "https://slsa.dev/provenance/v0.2",
    "slsaprovenance02": "https://slsa.dev/provenance/v0.2",
    "slsaprovenance1": "https://slsa.dev/provenance/v1",
    "spdx": "https://spdx.dev/Document",
    "spdxjson": "https://spdx.dev/Document",
    "vuln": "https://cosign.sigstore.dev/attestation/vuln/v1",
}


def predicate_type_uri(name: str) -> str:
    """The URI that a statement has as `predicateType`: of a known name; any other text is compared as it is."""
    return PREDICATE_TYPES.get(name, name)
