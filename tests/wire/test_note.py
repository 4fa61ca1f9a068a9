"""Signed notes."""

import json
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pycosign.errors import MalformedError
from pycosign.limits import CHECKPOINT_BYTES, NOTE_SIGNATURES
from pycosign.wire.note import Note, NoteSignature, format_note, parse_note
from tests.recordings import exchange

GOOD = "text\n\n\u2014 log AAAAAQ8=\n"

names = st.text(st.characters(exclude_categories=["C", "Z"], exclude_characters="+"), min_size=1, max_size=10)
signatures = st.builds(NoteSignature, names, st.binary(min_size=4, max_size=4), st.binary(min_size=1, max_size=80))
lines = st.text(st.characters(min_codepoint=0x20, exclude_categories=["Cs"]), max_size=20)
texts = st.lists(lines, min_size=1, max_size=5).map(lambda parts: "".join(f"{part}\n" for part in parts))
notes = st.builds(
    Note, texts.filter(lambda text: text != "\n"), st.lists(signatures, min_size=1, max_size=4).map(tuple)
)


@given(notes)
def test_what_we_write_we_read_back(note: Note) -> None:
    assert parse_note(format_note(note)) == note


@given(st.one_of(st.text(), st.text().map(lambda text: GOOD + text), st.text().map(lambda text: text + GOOD)))
def test_what_we_accept_is_canonical_and_nothing_else_escapes(source: str) -> None:
    try:
        note = parse_note(source)
    except MalformedError:
        return
    assert format_note(note) == source


@given(st.data())
def test_every_changed_character_is_refused_or_another_note(data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(GOOD) - 1))
    changed = GOOD[:place] + data.draw(st.characters(exclude_characters=GOOD[place])) + GOOD[place + 1 :]
    with suppress(MalformedError):
        assert parse_note(changed) != parse_note(GOOD)


@pytest.mark.parametrize(
    "source",
    [
        "",
        "text\n",
        "text\n\n",
        "\n\n\u2014 log AAAAAQ8=\n",
        "text\n\u2014 log AAAAAQ8=\n",
        "text\n\n\u2014 log AAAAAQ8=",
        "text\n\n\u2014 log AAAAAQ8=\n\n",
        "text\n\n- log AAAAAQ8=\n",
        "text\n\n\u2014log AAAAAQ8=\n",
        "text\n\n\u2014  AAAAAQ8=\n",
        "text\n\n\u2014 a+b AAAAAQ8=\n",
        "text\n\n\u2014 a\u00a0b AAAAAQ8=\n",
        "text\n\n\u2014 log AAAAAQ==\n",
        "text\n\n\u2014 log AAAAAQ9=\n",
        "text\n\n\u2014 log AAAAAQ8=\r\n",
        "te\txt\n\n\u2014 log AAAAAQ8=\n",
        "te\x00xt\n\n\u2014 log AAAAAQ8=\n",
        "te\ud800xt\n\n\u2014 log AAAAAQ8=\n",
    ],
)
def test_another_form_is_refused(source: str) -> None:
    assert parse_note(GOOD)
    with pytest.raises(MalformedError):
        parse_note(source)


def test_signatures_and_length_are_bounded() -> None:
    line = "\u2014 log AAAAAQ8=\n"
    assert len(parse_note("text\n\n" + line * NOTE_SIGNATURES).signatures) == NOTE_SIGNATURES
    with pytest.raises(MalformedError):
        parse_note("text\n\n" + line * (NOTE_SIGNATURES + 1))
    with pytest.raises(MalformedError):
        parse_note("x" * CHECKPOINT_BYTES + GOOD)


def test_unknown_signatures_are_kept_where_they_stand() -> None:
    witness = "\u2014 witness.example/w1 " + "AAAA" * 26 + "\n"
    note = parse_note("text\n\n" + witness + "\u2014 log AAAAAQ8=\n" + witness)
    assert [item.name for item in note.signatures] == ["witness.example/w1", "log", "witness.example/w1"]


@pytest.mark.parametrize("name", ["rekor-v2-checkpoint", "rekor-v1-log"])
def test_the_real_logs_notes_are_read_and_written_back(name: str) -> None:
    body = exchange(name)[1].body.decode()
    source = json.loads(body)["signedTreeHead"] if name == "rekor-v1-log" else body
    note = parse_note(source)
    assert format_note(note) == source
    assert len(note.signatures) == 1
