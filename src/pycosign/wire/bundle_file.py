"""What may be in the one file that holds a file's signatures or attestations: told apart by form, read one by one.

| form | who writes it |
| --- | --- |
| a Sigstore bundle | every client |
| bundles, one a line | `gh attestation download`, actions/attest |
| {"attestations": [{"bundle": ...}]} | npm's registry, GitHub's API |
| an attestation object, or a provenance object with several | PyPI (PEP 740) |
| DSSE envelopes, one a line | slsa-github-generator before 2.1, VSA issuers: no log's proof with them |

A file that is a list gives one item for each element. An element that cannot be read is an item too, with the reason:
what stands beside it is not worse for it.
"""

from collections.abc import Callable, Iterator
from functools import partial
from io import BytesIO
from typing import NamedTuple

from pycosign import limits
from pycosign.codec.json_value import JsonValue
from pycosign.codec.pem import parse_pem
from pycosign.codec.strict_json import Fields, load_json
from pycosign.errors import MalformedError
from pycosign.wire.attestation_list import listed_from_fields, read_listed
from pycosign.wire.bundle import Bundle, bundle_from_fields, looks_like_lines
from pycosign.wire.dsse import Envelope, envelope_from_fields
from pycosign.wire.pep740 import PypiAttestation, attestation_from_fields, provenance_from_fields

__all__ = ["BundleFileContent", "BundleFileItem", "SignedEnvelope", "parse_bundle_file"]


class SignedEnvelope(NamedTuple):
    """An envelope that stands by itself, and the certificate that its writer put beside the signature."""

    envelope: Envelope
    certificate_der: bytes | None


BundleFileContent = Bundle | PypiAttestation | SignedEnvelope


class BundleFileItem(NamedTuple):
    """One thing in the file that wants to be evidence. Nothing here is verified."""

    place: str  # "line 3", "attestations[0].bundle"; "bundle" if the file is nothing else
    content: BundleFileContent | MalformedError
    note: str = ""  # what the list says of it, for people: never trusted


def parse_bundle_file(data: bytes) -> tuple[BundleFileItem, ...]:
    """Everything in the file that wants to be evidence, 1 to `limits.BUNDLES_PER_FILE` items in the file's order.

    Raises: MalformedError: the file is none of the forms above, a list in it is malformed or empty, or it is too large.
            A single bundle or attestation object that is malformed is raised too, not returned.
    """
    if len(data) > limits.BUNDLE_BYTES:
        raise MalformedError("bundle", f"is {len(data)} bytes long; {limits.BUNDLE_BYTES} are allowed")
    try:
        value = load_json(data, what="bundle", max_bytes=limits.BUNDLE_BYTES)
    except MalformedError:
        if looks_like_lines(data):
            return tuple(_lines(data))
        raise
    return _from_document(value)


def _lines(data: bytes) -> Iterator[BundleFileItem]:
    count = 0
    for number, line in enumerate(BytesIO(data), 1):
        if not line.strip():
            continue
        count += 1
        if count > limits.BUNDLES_PER_FILE:
            raise MalformedError("bundle", f"has more than {limits.BUNDLES_PER_FILE} lines")
        place = f"line {number}"
        yield _item(place, partial(_read_line, line, place))


def _read_line(line: bytes, place: str) -> BundleFileContent:
    return _one(load_json(line, what=place, max_bytes=limits.BUNDLE_BYTES), place)


def _item(place: str, read: Callable[[], BundleFileContent], note: str = "") -> BundleFileItem:
    try:
        return BundleFileItem(place, read(), note)
    except MalformedError as exc:
        return BundleFileItem(place, exc, note)


def _from_document(value: JsonValue) -> tuple[BundleFileItem, ...]:
    """A list's elements; or the one thing that the file is, whose errors are the file's."""
    items: tuple[BundleFileItem, ...]
    if _is_bundle(value) or not isinstance(value, dict):
        items = (BundleFileItem("bundle", _one(value, "bundle")),)
    elif "attestation_bundles" in value:
        items = tuple(_from_provenance(Fields(value, "provenance")))
    elif "attestations" in value:
        items = tuple(_from_list(Fields(value, "bundle list")))
    else:
        items = (BundleFileItem("bundle", _one(value, "bundle")),)
    if not items:
        raise MalformedError("bundle", "is an empty list: there is no attestation in it")
    return items


def _from_provenance(fields: Fields) -> Iterator[BundleFileItem]:
    for number, provenance in enumerate(provenance_from_fields(fields)):
        for index, attestation in enumerate(provenance.attestations):
            place = f"attestation_bundles[{number}].attestations[{index}]"
            note = f"published by {provenance.publisher}, says the index"
            yield _item(place, partial(attestation_from_fields, attestation), note)


def _from_list(fields: Fields) -> Iterator[BundleFileItem]:
    for index, listed in enumerate(listed_from_fields(fields)):
        yield _item(f"attestations[{index}].bundle", partial(read_listed, listed), listed.note)


def _is_bundle(value: JsonValue) -> bool:
    return isinstance(value, dict) and ("mediaType" in value or "media_type" in value)


def _one(value: JsonValue, what: str) -> BundleFileContent:
    """A document that is one piece of evidence. What is none of the forms is refused as a bundle."""
    if isinstance(value, dict) and not _is_bundle(value):
        if "verification_material" in value and "envelope" in value:
            return attestation_from_fields(Fields(value, "attestation" if what == "bundle" else what))
        if "payloadType" in value:
            return _signed_envelope(Fields(value, "envelope" if what == "bundle" else what))
    return bundle_from_fields(Fields(value, what))


def _signed_envelope(fields: Fields) -> SignedEnvelope:
    """Unknown members are skipped, as DSSE demands; the one that slsa-github-generator adds is read."""
    envelope = envelope_from_fields(fields, refuse_unknown=False)
    signatures = fields.objects("signatures", limit=limits.SIGNATURES)
    certificates = [(item, item.optional_text("cert")) for item in signatures]
    found = [_certificate(text, item.path("cert")) for item, text in certificates if text]
    if len(found) > 1:
        raise MalformedError(fields.path("signatures"), f"hold {len(found)} certificates, not 1 at most")
    return SignedEnvelope(envelope, found[0] if found else None)


def _certificate(text: str, what: str) -> bytes:
    blocks = parse_pem(text.encode(), what=what)
    if len(blocks) != 1 or blocks[0].label != "CERTIFICATE":
        raise MalformedError(what, "is not one certificate in PEM")
    if len(blocks[0].der) > limits.CERTIFICATE_BYTES:
        raise MalformedError(what, f"is longer than {limits.CERTIFICATE_BYTES} bytes")
    return blocks[0].der
