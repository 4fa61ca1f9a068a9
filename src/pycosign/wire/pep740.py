"""PyPI's attestations: what a bundle v0.3 holds, under other names. Source: PEP 740; warehouse, api/integrity.md.

An attestation object is one signature; a provenance object is the index's list of them, by publisher. What the index
says of a publisher is the index's word alone: the identity that counts is the one in the certificate.
"""

from typing import Final, NamedTuple

from pycosign import limits
from pycosign.codec.strict_json import Fields
from pycosign.errors import MalformedError
from pycosign.wire.dsse import Envelope, EnvelopeSignature
from pycosign.wire.intoto import IN_TOTO_PAYLOAD_TYPE
from pycosign.wire.log_entry import LogEntry, entry_from_fields

__all__ = ["PypiAttestation", "PypiProvenance", "attestation_from_fields", "provenance_from_fields"]

_VERSION: Final = 1
_SHOWN: Final = ("kind", "repository", "workflow", "workflow_filepath", "environment", "email", "sub")
_SHOWN_CHARS: Final = 200


class PypiAttestation(NamedTuple):
    """One attestation object. Nothing here is verified."""

    certificate_der: bytes
    entries: tuple[LogEntry, ...]  # 1 or more
    envelope: Envelope  # an in-toto statement with exactly one signature


class PypiProvenance(NamedTuple):
    """The attestations of one publisher, in the order of the document."""

    publisher: str  # what the index says of it, for people: never trusted
    attestations: tuple[Fields, ...]  # read by `attestation_from_fields`, each by itself


def attestation_from_fields(fields: Fields) -> PypiAttestation:
    """Read an attestation object.

    Raises: MalformedError: another version than 1, an unknown member, one that is missing or not of its type, no log
            entry, or more of anything than `limits` allows.
    """
    _check_version(fields)
    material, envelope = fields.object("verification_material"), fields.object("envelope")
    fields.refuse_unknown()
    certificate = material.b64("certificate", max_size=limits.CERTIFICATE_BYTES)
    entries = tuple(
        entry_from_fields(item) for item in material.objects("transparency_entries", limit=limits.LOG_ENTRIES)
    )
    if not entries:
        raise MalformedError(material.path("transparency_entries"), "is empty")
    material.refuse_unknown()
    statement = envelope.b64("statement", max_size=limits.PAYLOAD_BYTES)
    signature = envelope.b64("signature", max_size=limits.SIGNATURE_BYTES)
    envelope.refuse_unknown()
    return PypiAttestation(
        certificate, entries, Envelope(statement, IN_TOTO_PAYLOAD_TYPE, (EnvelopeSignature(signature),))
    )


def provenance_from_fields(fields: Fields) -> tuple[PypiProvenance, ...]:
    """Read a provenance object, without its attestations' own members.

    Raises: MalformedError: another version than 1, an unknown member, one that is missing or not of its type, or more
            than `limits.BUNDLES_PER_FILE` attestations.
    """
    _check_version(fields)
    found = []
    room = limits.BUNDLES_PER_FILE
    for item in fields.objects("attestation_bundles", limit=limits.BUNDLES_PER_FILE):
        publisher = _publisher(item.object("publisher"))
        attestations = tuple(item.objects("attestations", limit=room))
        item.refuse_unknown()
        room -= len(attestations)
        found.append(PypiProvenance(publisher, attestations))
    fields.refuse_unknown()
    return tuple(found)


def _check_version(fields: Fields) -> None:
    version = fields.value("version")
    if not isinstance(version, int) or isinstance(version, bool) or version != _VERSION:
        raise MalformedError(fields.path("version"), f"is not {_VERSION}")


def _publisher(fields: Fields) -> str:
    """For people. Kinds of publishers come and go, so no member is demanded and none is refused."""
    shown = []
    for name in _SHOWN:
        value = fields.optional_value(name)
        if isinstance(value, str) and value:
            shown.append(value[:_SHOWN_CHARS] if name == "kind" else f"{name} {value[:_SHOWN_CHARS]}")
    return ", ".join(shown) or "unnamed"
