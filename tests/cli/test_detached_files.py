"""What belongs to a file's signature in files of its own: `--signature`, `--sct`."""

import hashlib
import json
import os
import subprocess
from pathlib import Path

import pytest

from pycosign.codec.pem import format_pem
from pycosign.crypto.signers import generate_signer
from pycosign.verify.evidence import Evidence
from pycosign.wire.dsse import Envelope, EnvelopeSignature, format_envelope, pae
from pycosign.wire.intoto import IN_TOTO_PAYLOAD_TYPE, STATEMENT_V1
from pycosign.wire.legacy import LegacyBundle, format_legacy_bundle
from pycosign.wire.sct_response import sct_response
from pycosign.wire.trusted_root import format_trusted_root
from tests.cli.conftest import Ran, find_peer, run_cli
from tests.cli.stage import Stage, assert_one_error
from tests.cli.test_detached_material import pieces_of_trust
from tests.verify.factory import ARTIFACT, IDENTITY, ISSUER, World
from tests.verify.promises import beside
from tests.verify.vectors import DATA

MADE = DATA / "corpus"


class Place:
    """A file signed by a certificate that carries no certificate log proof, in the old formats."""

    def __init__(self, folder: Path) -> None:
        self.world, self.folder = World(), folder
        self.trust = self.write("trust.json", format_trusted_root(self.world.trusted_root()))
        self.artifact = self.write("artifact", ARTIFACT)
        self.issued = self.world.certificate(with_sct=False)
        self.evidence = beside(self.world, self.world.blob(self.issued))
        self.sct = self.write_sct("sct.json", self.evidence)
        self.bundle = self.write("bundle.json", self.as_bundle(self.evidence, self.evidence.signature))
        self.who = ("--certificate-identity", IDENTITY, "--certificate-oidc-issuer", ISSUER)

    def write(self, name: str, content: bytes) -> Path:
        path = self.folder / name
        path.write_bytes(content)
        return path

    def write_sct(self, name: str, evidence: Evidence) -> Path:
        assert evidence.detached_sct is not None
        return self.write(name, json.dumps(sct_response(evidence.detached_sct)).encode())

    def as_bundle(self, evidence: Evidence, signature: bytes) -> bytes:
        pem = format_pem("CERTIFICATE", evidence.chain_der[0])
        return format_legacy_bundle(LegacyBundle(signature, pem, evidence.entries[0]._replace(proof=None)))

    def verify(self, command: str, bundle: Path, *words: object) -> Ran:
        line = (command, *self.who, "--trusted-root", self.trust, "--bundle", bundle, *words, self.artifact)
        return run_cli(*map(str, line), env={"HOME": str(self.folder)})


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Place:
    return Place(tmp_path_factory.mktemp("place"))


def test_a_certificate_without_a_log_proof_needs_one_beside_it(place: Place) -> None:
    assert "no proof that a certificate log knows it" in place.verify("verify-blob", place.bundle).err
    ran = place.verify("verify-blob", place.bundle, "--sct", place.sct)
    assert ran.status == 0, ran.err
    assert ran.err.endswith("Verified OK\n")


def test_a_log_proof_of_another_certificate_is_refused(place: Place) -> None:
    other = beside(place.world, place.world.blob(place.world.certificate(with_sct=False)))
    ran = place.verify("verify-blob", place.bundle, "--sct", place.write_sct("other.json", other))
    assert ran.status == 1
    assert "does not verify" in ran.err


@pytest.mark.parametrize("content", [b"", b"{}", b"[]", b'{"sct_version":0}'])
def test_a_file_that_is_no_log_proof_is_refused(place: Place, content: bytes) -> None:
    assert place.verify("verify-blob", place.bundle, "--sct", place.write("bad.json", content)).status == 1
    assert place.verify("verify-blob", place.bundle, "--sct", place.folder / "absent.json").status == 1


def test_an_attestation_s_certificate_too(place: Place) -> None:
    subject = {"name": "artifact", "digest": {"sha256": hashlib.sha256(ARTIFACT).hexdigest()}}
    statement = {
        "_type": "https://in-toto.io/Statement/v1",
        "subject": [subject],
        "predicateType": "https://example.com/predicate",
        "predicate": {},
    }
    evidence = place.world.attestation(json.dumps(statement).encode(), place.issued)
    assert isinstance(evidence.content, Envelope)
    bundle = place.write("attestation.json", place.as_bundle(evidence, format_envelope(evidence.content)))
    words = ("--type", "https://example.com/predicate")
    assert place.verify("verify-blob-attestation", bundle, *words).status == 1
    ran = place.verify("verify-blob-attestation", bundle, *words, "--sct", place.sct)
    assert ran.status == 0, ran.err
    assert ran.err.endswith("Verified OK\n")


def test_a_given_signature_is_the_one_that_is_verified(place: Place) -> None:
    words = ("--sct", place.sct, "--signature")
    same = place.write("same.sig", place.evidence.signature)
    assert place.verify("verify-blob", place.bundle, *words, same).status == 0
    other = place.write("other.sig", place.issued.signer.sign(ARTIFACT))
    ran = place.verify("verify-blob", place.bundle, *words, other)
    assert ran.status == 1
    assert "the log entry is for another signature" in ran.err


def test_a_key_has_no_certificate_to_prove(place: Place) -> None:
    signer = generate_signer("ecdsa-p256")
    evidence = place.world.blob(signer)
    data = format_legacy_bundle(LegacyBundle(evidence.signature, None, evidence.entries[0]._replace(proof=None)))
    bundle, key = place.write("key.json", data), place.write("key.pub", signer.public_key.pem())
    line = ("verify-blob", "--key", key, "--trusted-root", place.trust, "--bundle", bundle, place.artifact)
    assert run_cli(*map(str, line)).status == 0
    assert "--sct speaks of a certificate" in run_cli(*map(str, line), "--sct", str(place.sct)).err


@pytest.mark.peer
@pytest.mark.parametrize("name", ["cosign3", "cosign2"])
def test_cosign_takes_the_same_log_proof(tmp_path: Path, name: str) -> None:
    cosign = find_peer(name)
    if cosign is None:
        pytest.skip(f"{name} is not built (`make interop` does)")
    env = {
        "HOME": str(tmp_path),
        "PATH": os.environ["PATH"],
        **pieces_of_trust(MADE / "trust" / "made-kinds.json", tmp_path),
    }
    who = ("--certificate-identity", "test@example.com", "--certificate-oidc-issuer", "http://127.0.0.1:29080")
    files = ("--bundle", MADE / "made-kinds" / "detached-sct.json", MADE / "made" / "hello")
    proof = ("--sct", MADE / "made-kinds" / "detached-sct.sct.json")
    for words, status in ((proof, 0), ((), 1)):
        line = [str(word) for word in ("verify-blob", "--offline", *who, *words, *files)]
        theirs = subprocess.run([cosign, *line], env=env, capture_output=True, check=False, timeout=60)
        assert (theirs.returncode != 0, run_cli(*line, env=env).status) == (bool(status), status), theirs.stderr


# ---- signatures ----------------------------------------------------------------------------------------------------
def test_a_signature_that_is_no_file_and_no_base64_is_said_to_be_missing(stage: Stage) -> None:
    ran = stage.run("verify-blob", "--key", stage.public_key, "--signature", "nosuch.sig", stage.artifact)
    assert_one_error(ran, 1, naming="nosuch.sig: no such file")


def test_an_attestation_in_a_file_may_be_larger_than_a_key(tmp_path: Path) -> None:
    signer, review = generate_signer(), "https://example.com/review/v1"
    subject = {"name": "artifact", "digest": {"sha256": hashlib.sha256(ARTIFACT).hexdigest()}}
    statement = {"_type": STATEMENT_V1, "subject": [subject], "predicateType": review, "predicate": ["part"] * 200_000}
    payload = json.dumps(statement).encode()
    signature = EnvelopeSignature(signer.sign(pae(IN_TOTO_PAYLOAD_TYPE, payload)))
    envelope = format_envelope(Envelope(payload, IN_TOTO_PAYLOAD_TYPE, (signature,)))
    assert len(envelope) > 1 << 20
    for name, content in (("key.pub", signer.public_key.pem()), ("signature", envelope), ("artifact", ARTIFACT)):
        (tmp_path / name).write_bytes(content)
    words = ("--key", f"{tmp_path}/key.pub", "--insecure-ignore-tlog", "--type", review)
    ran = run_cli("verify-blob-attestation", *words, "--signature", f"{tmp_path}/signature", f"{tmp_path}/artifact")
    assert ran.status == 0, ran.err
