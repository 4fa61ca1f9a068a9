"""PyPI's attestation and provenance objects (PEP 740)."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pycosign import limits
from pycosign.codec.b64 import encode_b64
from pycosign.codec.strict_json import Fields
from pycosign.errors import MalformedError
from pycosign.wire.dsse import Envelope, EnvelopeSignature
from pycosign.wire.intoto import IN_TOTO_PAYLOAD_TYPE
from pycosign.wire.log_entry import LogEntry, entry_to_dict
from pycosign.wire.pep740 import PypiAttestation, attestation_from_fields, provenance_from_fields
from tests.wire.strategies import json_values, log_entries, some_bytes

ASSETS = Path(__file__).parent.parent / "data" / "corpus" / "pypi-attestations"
PROVENANCE = json.loads((ASSETS / "pypi_attestations-0.0.19.tar.gz.provenance").read_bytes())
ATTESTATION = json.loads((ASSETS / "rfc8785-0.1.2-py3-none-any.whl.publish.attestation").read_bytes())
DELETED: Any = object()


def read(value: Any) -> PypiAttestation:
    return attestation_from_fields(Fields(value, "attestation"))


def written(certificate: bytes, entries: list[LogEntry], statement: bytes, signature: bytes) -> dict[str, Any]:
    return {
        "version": 1,
        "verification_material": {
            "certificate": encode_b64(certificate),
            "transparency_entries": [entry_to_dict(entry) for entry in entries],
        },
        "envelope": {"statement": encode_b64(statement), "signature": encode_b64(signature)},
    }


def changed(*path: str | int, to: Any) -> Any:
    value = json.loads(json.dumps(ATTESTATION))
    place = value
    for step in path[:-1]:
        place = place[step]
    if to is DELETED:
        del place[path[-1]]
    else:
        place[path[-1]] = to
    return value


@given(some_bytes, st.lists(log_entries(), min_size=1, max_size=3), some_bytes, some_bytes)
def test_what_the_object_says_is_what_is_read(
    certificate: bytes, entries: list[LogEntry], statement: bytes, signature: bytes
) -> None:
    envelope = Envelope(statement, IN_TOTO_PAYLOAD_TYPE, (EnvelopeSignature(signature),))
    assert read(written(certificate, entries, statement, signature)) == PypiAttestation(
        certificate, tuple(entries), envelope
    )


@pytest.mark.parametrize("path", sorted(ASSETS.glob("*.attestation")), ids=lambda path: path.name)
def test_every_attestation_of_the_corpus_is_read(path: Path) -> None:
    assert len(read(json.loads(path.read_bytes())).entries) == 1


@given(json_values)
def test_nothing_but_malformed_error_escapes(value: Any) -> None:
    for reader in (attestation_from_fields, provenance_from_fields):
        with pytest.raises(MalformedError):
            reader(Fields(value, "attestation"))


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (changed("version", to=2), "attestation.version is not 1"),
        (changed("version", to="1"), "attestation.version is not 1"),
        (changed("version", to=True), "attestation.version is not 1"),
        (changed("version", to=1.0), "attestation.version is not 1"),
        (changed("version", to=DELETED), "attestation.version is missing"),
        (changed("more", to=1), "attestation has an unknown member 'more'"),
        (changed("verification_material", "more", to=1), "attestation.verification_material has an unknown member"),
        (changed("envelope", "more", to=1), "attestation.envelope has an unknown member 'more'"),
        (changed("envelope", "statement", to=DELETED), "attestation.envelope.statement is missing"),
        (changed("envelope", "statement", to=""), "attestation.envelope.statement is 0 bytes long"),
        (changed("envelope", "signature", to="QUJ="), "attestation.envelope.signature is not canonical base64"),
        (
            changed("envelope", "signature", to=encode_b64(bytes(limits.SIGNATURE_BYTES + 1))),
            "attestation.envelope.sig",
        ),
        (
            changed("verification_material", "certificate", to=encode_b64(bytes(limits.CERTIFICATE_BYTES + 1))),
            "attestation.verification_material.certificate is 65537 bytes long",
        ),
        (
            changed("verification_material", "transparency_entries", to=[]),
            "attestation.verification_material.transparency_entries is empty",
        ),
        (
            changed("verification_material", "transparency_entries", to=[{}] * (limits.LOG_ENTRIES + 1)),
            "attestation.verification_material.transparency_entries has 33 elements; 32 are allowed",
        ),
        (
            changed("verification_material", "transparency_entries", 0, "more", to=1),
            "attestation.verification_material.transparency_entries[0] has an unknown member",
        ),
    ],
)
def test_an_object_that_is_not_as_the_pep_says_is_refused_by_name(value: Any, said: str) -> None:
    with pytest.raises(MalformedError) as caught:
        read(value)
    assert str(caught.value).startswith(said)


def test_a_provenance_object_gives_its_attestations_and_the_publisher_for_people_only() -> None:
    (found,) = provenance_from_fields(Fields(PROVENANCE, "provenance"))
    assert found.publisher == "GitHub, repository trailofbits/pypi-attestations, workflow release.yml"
    assert len(found.attestations) == 1
    assert read(PROVENANCE["attestation_bundles"][0]["attestations"][0]) == attestation_from_fields(
        found.attestations[0]
    )


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ({**PROVENANCE, "version": 2}, "provenance.version is not 1"),
        ({**PROVENANCE, "more": 1}, "provenance has an unknown member 'more'"),
        ({"version": 1}, "provenance.attestation_bundles is missing"),
        (
            {"version": 1, "attestation_bundles": [{"attestations": []}]},
            "provenance.attestation_bundles[0].publisher is missing",
        ),
        (
            {"version": 1, "attestation_bundles": [{"publisher": {}, "attestations": [], "more": 1}]},
            "provenance.attestation_bundles[0] has an unknown member 'more'",
        ),
        (
            {"version": 1, "attestation_bundles": [{"publisher": {}, "attestations": [{}] * 600}] * 2},
            "provenance.attestation_bundles[1].attestations has 600 elements; 400 are allowed",
        ),
    ],
)
def test_a_provenance_object_that_is_not_as_the_api_says_is_refused_by_name(value: Any, said: str) -> None:
    with pytest.raises(MalformedError) as caught:
        provenance_from_fields(Fields(value, "provenance"))
    assert str(caught.value).startswith(said)


@pytest.mark.parametrize("publisher", [{}, {"kind": 7}, {"kind": "New", "claims": {"a": 1}}, {"kind": "x" * 10_000}])
def test_a_publisher_of_whatever_kind_does_not_stand_in_the_way(publisher: dict[str, Any]) -> None:
    value: Any = {"version": 1, "attestation_bundles": [{"publisher": publisher, "attestations": []}]}
    (found,) = provenance_from_fields(Fields(value, "provenance"))
    assert 0 < len(found.publisher) <= 200
