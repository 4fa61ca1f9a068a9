"""A policy over what is known of a file by a digest alone, and what many signers cost."""

import hashlib
import io

import pytest

from pycosign.crypto.signers import generate_signer
from pycosign.errors import RefusedError, SigningError, UnavailableError
from pycosign.flows import candidates
from pycosign.flows.blob_source import BlobSource, blob_from_bytes, blob_from_digest
from pycosign.flows.verify_by_policy import verify_file_by_policy
from pycosign.policy.decide import VerificationPolicy
from pycosign.verify.evidence import Evidence, evidence_from_signature
from pycosign.verify.needs import digests_needed
from pycosign.verify.requirements import Requirements, SignerKey, Waiver
from pycosign.wire import intoto
from pycosign.wire.dsse import Envelope, EnvelopeSignature
from tests.verify.vectors import NOW

FILE = b"release 1.0"
EDDSA, ECDSA = generate_signer("ed25519"), generate_signer("ecdsa-p256")
KEYS = (SignerKey(EDDSA.public_key), SignerKey(ECDSA.public_key))


def answer(signature: bytes, source: BlobSource, signers: tuple[SignerKey, ...]) -> SigningError | None:
    policy = VerificationPolicy(signers, waivers=frozenset((Waiver.TLOG,)))
    evidence = evidence_from_signature(signature)
    return verify_file_by_policy(source, [evidence], policy=policy, trust=None, now=NOW).verdict.error


@pytest.mark.parametrize("signers", [KEYS, KEYS[::-1]])
def test_a_digest_leaves_open_what_a_key_signed_that_signs_the_file_itself(signers: tuple[SignerKey, ...]) -> None:
    digest = blob_from_digest(f"sha256:{hashlib.sha256(FILE).hexdigest()}")
    signature = EDDSA.sign(FILE)
    assert answer(signature, blob_from_bytes(FILE, "file"), signers) is None
    open_ = answer(signature, digest, signers)
    assert isinstance(open_, UnavailableError)
    assert open_.code == "artifact.needed"
    assert isinstance(answer(signature, digest, KEYS[1:]), RefusedError)  # nobody demands that key
    assert isinstance(answer(signature, blob_from_bytes(b"other", "file"), signers), RefusedError)
    assert answer(ECDSA.sign(FILE), digest, signers) is None


def test_a_statement_that_nobody_signed_is_parsed_once_however_many_may_sign(monkeypatch: pytest.MonkeyPatch) -> None:
    """It may be of 64 MiB, and a policy may name 256 signers."""
    asked: list[Requirements] = []  # each time parses it; compiled, the parser itself cannot be exchanged

    def counted(evidence: Evidence, requirements: Requirements) -> frozenset[str]:
        asked.append(requirements)
        return digests_needed(evidence, requirements)

    monkeypatch.setattr(candidates, "digests_needed", counted)
    statement = intoto.format_statement(
        {"sha512": hashlib.sha512(FILE).hexdigest()}, predicate_type="t:x", predicate={}
    )
    envelope = Envelope(statement, intoto.IN_TOTO_PAYLOAD_TYPE, (EnvelopeSignature(b"nobody's"),))
    evidence = Evidence("bundle v0.3", b"nobody's", envelope)
    policy = VerificationPolicy(KEYS, waivers=frozenset((Waiver.TLOG,)), predicate_type="t:x")
    source = BlobSource("file", lambda: io.BytesIO(FILE))
    judged = verify_file_by_policy(source, [evidence], policy=policy, trust=None, now=NOW)
    assert isinstance(judged.verdict.error, RefusedError)
    assert len(asked) == 1
