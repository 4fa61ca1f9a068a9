"""in-toto statements."""

import pytest
from hypothesis import given

from pycosign import limits
from pycosign.codec.strict_json import compact_json
from pycosign.errors import MalformedError
from pycosign.wire.bundle import parse_bundle
from pycosign.wire.dsse import Envelope
from pycosign.wire.intoto import (
    COSIGN_SIGN_PREDICATE,
    STATEMENT_V01,
    STATEMENT_V1,
    Statement,
    Subject,
    format_sign_statement,
    parse_statement,
)
from tests.recordings import recorded_file
from tests.wire.strategies import hex_digests, json_bytes, text_maps

HEX = "5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03"


@given(hex_digests, text_maps)
def test_what_we_write_we_read_back(digest_hex: str, annotations: dict[str, str]) -> None:
    assert parse_statement(format_sign_statement(digest_hex, annotations)) == Statement(
        STATEMENT_V1, (Subject(None, {"sha256": digest_hex}, annotations),), COSIGN_SIGN_PREDICATE, {}
    )


def test_the_statement_of_cosign_sign_is_written_in_its_order_with_sorted_annotations() -> None:
    assert format_sign_statement(HEX, {"b": "<1>", "a": "2"}).decode() == (
        '{"_type":"https://in-toto.io/Statement/v1","subject":[{"digest":{"sha256":"' + HEX + '"},'
        '"annotations":{"a":"2","b":"<1>"}}],"predicateType":"https://sigstore.dev/cosign/sign/v1","predicate":{}}'
    )


@pytest.mark.parametrize("rekor", ["v1", "v2"])
def test_the_statement_that_cosign_attested_is_read(rekor: str) -> None:
    content = parse_bundle(recorded_file(f"bundle-cosign3-attest-blob-rekor-{rekor}.json")).content
    assert isinstance(content, Envelope)
    assert parse_statement(content.payload) == Statement(
        STATEMENT_V01,
        (Subject("a.txt", {"sha256": HEX}, {}),),
        "https://example.com/predicate",
        {"builder": "test"},
    )


@given(json_bytes)
def test_nothing_but_malformed_error_escapes(data: bytes) -> None:
    try:
        parse_statement(data)
    except MalformedError:
        return


def test_unknown_members_other_digests_and_a_missing_predicate_are_accepted() -> None:
    """Statements grow by members that older readers skip; git and Go have digests of their own."""
    statement = {
        "_type": STATEMENT_V1,
        "subject": [{"digest": {"gitCommit": "abc", "goModuleHash": "h1:x/y="}, "uri": "x", "annotations": {"n": 1}}],
        "predicateType": "p",
        "extra": 1,
    }
    assert parse_statement(compact_json(statement)).subjects[0] == Subject(
        None, {"gitCommit": "abc", "goModuleHash": "h1:x/y="}, {"n": 1}
    )


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"_type": "https://in-toto.io/Statement/v2"}, "_type is not a known statement type"),
        ({"_type": None}, "_type is missing"),
        ({"subject": None}, "subject is missing"),
        ({"subject": []}, "subject is empty"),
        ({"subject": {}}, "subject is not a list"),
        ({"subject": [None]}, "subject[0] is not a JSON object"),
        ({"subject": [{"name": "x"}]}, "subject[0].digest is missing"),
        ({"subject": [{"digest": {}}]}, "subject[0].digest is missing"),
        ({"subject": [{"digest": {"sha256": HEX.upper()}}]}, "subject[0].digest has a value"),
        ({"subject": [{"digest": {"sha256": HEX[1:]}}]}, "subject[0].digest has a value"),
        ({"subject": [{"digest": {"sha512": HEX}}]}, "subject[0].digest has a value"),
        ({"subject": [{"digest": {"x": ""}}]}, "subject[0].digest has a value"),
        ({"subject": [{"digest": {"sha256": None}}]}, "subject[0].digest has a member that is not text"),
        ({"subject": [{"digest": {str(i): "x" for i in range(33)}}]}, "subject[0].digest has 33 members"),
        ({"subject": [{"digest": {"x": "y"}, "annotations": []}]}, "subject[0].annotations is not a JSON object"),
        ({"subject": [{"digest": {"x": "y"}}] * (limits.SUBJECTS + 1)}, "subject has 1025 elements"),
        ({"predicateType": ""}, "predicateType is empty"),
        ({"predicateType": None}, "predicateType is missing"),
    ],
)
def test_other_forms_are_refused_by_name(change: dict[str, object], problem: str) -> None:
    statement = {
        "_type": STATEMENT_V1,
        "subject": [{"digest": {"sha256": HEX}}],
        "predicateType": "p",
        "predicate": {},
    }
    with pytest.raises(MalformedError) as caught:
        parse_statement(compact_json(statement | change))
    assert str(caught.value).startswith(f"statement.{problem}")


def test_a_member_given_twice_in_a_signed_payload_is_refused() -> None:
    text = format_sign_statement(HEX, {}).replace(b'"predicate":{}', b'"predicate":{},"predicateType":"other"')
    with pytest.raises(MalformedError, match="has the member 'predicateType' twice"):
        parse_statement(text)
