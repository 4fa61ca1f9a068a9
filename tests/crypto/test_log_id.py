"""Ids and hints of logs, as the real ones use them."""

import json
from binascii import a2b_base64

import pytest

from pycosign.crypto.keys import load_public_key
from pycosign.crypto.log_id import HINT_BYTES, ed25519_note_key_id, note_key_id, spki_log_id
from pycosign.crypto.signers import generate_signer
from tests.recordings import recorded_file

LOGS = json.loads(recorded_file("file-trusted_root.json"))["tlogs"]


@pytest.mark.parametrize("log", LOGS, ids=lambda log: log["publicKey"]["keyDetails"])
def test_the_real_logs_have_the_ids_that_their_trust_root_says(log: dict[str, dict[str, str]]) -> None:
    key = load_public_key(a2b_base64(log["publicKey"]["rawBytes"]))
    assert note_key_id("127.0.0.1", key) == a2b_base64(log["logId"]["keyId"])


def test_the_published_vector_holds() -> None:
    """golang.org/x/mod/sumdb/note's example: `PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW`."""
    raw = a2b_base64("ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW")[1:]
    assert ed25519_note_key_id("PeterNeumann", raw)[:HINT_BYTES].hex() == "c74f20a3"


def test_kinds_of_keys_are_told_apart() -> None:
    ecdsa, rsa = generate_signer("ecdsa-p256").public_key, generate_signer("rsa-2048").public_key
    assert note_key_id("log", ecdsa) == spki_log_id(ecdsa.spki_der)
    assert note_key_id("log", rsa) != note_key_id("gol", rsa)
    assert note_key_id("log", rsa) != spki_log_id(rsa.spki_der)
