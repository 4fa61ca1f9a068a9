"""Checkpoints, as Rekor v1, Rekor v2 and C2SP's logs write them."""

import json
from binascii import a2b_base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pycosign.errors import MalformedError
from pycosign.wire.checkpoint import (
    Checkpoint,
    format_checkpoint,
    parse_checkpoint,
    parse_signed_checkpoint,
    rekor_v1_origin,
    rekor_v1_tree_id,
)
from tests.recordings import exchange

ROOT = "A" * 43 + "="
GOOD = f"log.example/1\n7\n{ROOT}\n"
lines = st.text(st.characters(exclude_characters="\n"), min_size=1, max_size=20)
checkpoints = st.builds(
    Checkpoint,
    lines,
    st.integers(0, 2**63 - 1),
    st.binary(min_size=32, max_size=32),
    st.lists(lines, max_size=3).map(tuple),
)


@given(checkpoints)
def test_what_we_write_we_read_back(checkpoint: Checkpoint) -> None:
    assert parse_checkpoint(format_checkpoint(checkpoint)) == checkpoint


@given(st.one_of(st.text(), st.tuples(st.text(), st.text()).map(lambda parts: f"{parts[0]}\n{parts[1]}\n{ROOT}\n")))
def test_what_we_accept_is_canonical_and_nothing_else_escapes(text: str) -> None:
    try:
        checkpoint = parse_checkpoint(text)
    except MalformedError:
        return
    assert format_checkpoint(checkpoint) == text


@pytest.mark.parametrize(
    "text",
    [
        "",
        "\n",
        "log\n7\n",
        f"log\n7\n{ROOT}",
        f"\n7\n{ROOT}\n",
        f"log\n\n{ROOT}\n",
        f"log\n7\n{ROOT}\n\n",
        f"log\n+7\n{ROOT}\n",
        f"log\n07\n{ROOT}\n",
        f"log\n-1\n{ROOT}\n",
        f"log\n7_0\n{ROOT}\n",
        f"log\n\u0667\n{ROOT}\n",
        f"log\n{2**63}\n{ROOT}\n",
        f"log\n{'9' * 5000}\n{ROOT}\n",
        "log\n7\nAAAA\n",
        f"log\n7\n{ROOT[:-2]}B=\n",
        f"log\n7\n {ROOT}\n",
    ],
)
def test_another_form_is_refused(text: str) -> None:
    assert parse_checkpoint(GOOD) == Checkpoint("log.example/1", 7, bytes(32))
    with pytest.raises(MalformedError):
        parse_checkpoint(text)


def test_rekor_v1s_old_timestamp_line_is_kept() -> None:
    old = f"rekor.sigstore.dev - 2605736670972794746\n10\n{ROOT}\nTimestamp: 1689177396617352539\n"
    checkpoint = parse_checkpoint(old)
    assert checkpoint.extensions == ("Timestamp: 1689177396617352539",)
    assert rekor_v1_tree_id(checkpoint.origin) == 2605736670972794746


@given(st.text(min_size=1).filter(lambda host: "\n" not in host), st.integers(0, 2**63 - 1))
def test_rekor_v1s_origins_hold_their_tree(host: str, tree_id: int) -> None:
    assert rekor_v1_tree_id(rekor_v1_origin(host, tree_id)) == tree_id


@pytest.mark.parametrize("origin", ["log.example", "log - x", "log -7", " - 7", "log - 07", "log - 7 ", "log - \u0667"])
def test_other_origins_hold_none(origin: str) -> None:
    assert rekor_v1_tree_id(origin) is None


def test_the_real_logs_checkpoints_say_what_their_answers_say() -> None:
    answer = json.loads(exchange("rekor-v1-log")[1].body)
    note, checkpoint = parse_signed_checkpoint(answer["signedTreeHead"])
    assert checkpoint.size == answer["treeSize"]
    assert checkpoint.root.hex() == answer["rootHash"]
    assert rekor_v1_tree_id(checkpoint.origin) == int(answer["treeID"])
    assert note.signatures[0].name == "rekor.test"
    entry = json.loads(exchange("rekor-v2-post-hashedrekord-cosign3")[1].body)["inclusionProof"]
    note, checkpoint = parse_signed_checkpoint(entry["checkpoint"]["envelope"])
    assert (checkpoint.size, checkpoint.root) == (int(entry["treeSize"]), a2b_base64(entry["rootHash"]))
    assert note.signatures[0].name == checkpoint.origin == "127.0.0.1"
