"""Log entries, proofs and checkpoints that are true of something else, or say it in another way."""

from collections.abc import Callable

import pytest

from pycosign.codec.b64 import encode_b64
from pycosign.crypto.signers import generate_signer
from pycosign.errors import SigningError
from pycosign.verify.evidence import Evidence
from pycosign.wire.rekor_body import Verifier, format_hashedrekord_v1, format_hashedrekord_v2
from tests.verify.attempts import GOOD, Attempt, by_key, certificate_pem, key_pem
from tests.verify.factory import SIGNED_AT, World
from tests.verify.issuing import Issued

Rewrite = Callable[[bytes], bytes]


def logged_as(world: World, issued: Issued, rewrite: Rewrite, evidence: Evidence | None = None) -> Evidence:
    """The signature, and the log really holds its body as `rewrite` has it."""
    evidence = evidence or world.blob(issued)
    body = rewrite(evidence.entries[0].body)
    return evidence._replace(entries=(world.log_v1.append("hashedrekord", "0.0.1", body, SIGNED_AT),))


def refuse(world: World, evidence: Evidence, code: str) -> None:
    with pytest.raises(SigningError) as refusal:
        Attempt(evidence).run(world)
    assert refusal.value.code == code, refusal.value


# ---- bodies --------------------------------------------------------------------------------------------------------
BODIES: dict[str, Rewrite] = {
    "a member twice": lambda body: body.replace(b'"spec":', b'"spec":{},"spec":', 1),
    "a digest twice": lambda body: body.replace(b'"hash":{', b'"hash":{"value":"00",', 1),
    "an escaped letter": lambda body: body.replace(b"hashedrekord", b"hashedrekor\\u0064", 1),
    "an escaped slash": lambda body: body.replace(b'"kind"', b'"\\u006bind"', 1),
    "white space": lambda body: body.replace(b",", b", ", 1),
    "members in another order": lambda body: b'{"kind":"hashedrekord","apiVersion":"0.0.1",' + body[44:],
    "an unknown member": lambda body: body[:-1] + b',"x":"y"}',
    "an unknown member in the signature": lambda body: body.replace(b'"publicKey":', b'"format":"x509","publicKey":'),
    "a number for text": lambda body: body.replace(b'"0.0.1"', b"0.0"),
    "bytes after it": lambda body: body + b"\n",
    "a byte order mark": lambda body: b"\xef\xbb\xbf" + body,
    "nothing": lambda body: b"",
    "a list": lambda body: b"[" + body + b"]",
    "deep nesting": lambda body: body[:-1] + b',"x":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    "a huge number": lambda body: body[:-1] + b',"x":' + b"9" * 10_000 + b"}",
    "upper-case hex": lambda body: body.replace(
        GOOD.digests["sha256"].hex().encode(), GOOD.digests["sha256"].hex().upper().encode()
    ),
}


@pytest.mark.parametrize("name", BODIES)
def test_a_body_that_is_not_written_as_the_log_writes_it_is_malformed(world: World, name: str) -> None:
    issued = world.certificate()
    evidence = world.blob(issued)
    rewritten = BODIES[name](evidence.entries[0].body)
    assert rewritten != evidence.entries[0].body
    refuse(world, logged_as(world, issued, lambda body: rewritten, evidence), "malformed")


def with_verifier(verifier: bytes) -> Callable[[World, Issued], Evidence]:
    def build(world: World, issued: Issued) -> Evidence:
        evidence = world.blob(issued)
        body = format_hashedrekord_v1("sha256", GOOD.digests["sha256"], evidence.signature, verifier)
        return logged_as(world, issued, lambda _: body, evidence)

    return build


@pytest.mark.parametrize("verifier", [b"no PEM", b"-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n"])
def test_an_entry_whose_verifier_is_none_is_malformed(world: World, verifier: bytes) -> None:
    refuse(world, with_verifier(verifier)(world, world.certificate()), "malformed")


def test_an_entry_with_an_empty_verifier_is_malformed(world: World) -> None:
    issued = world.certificate()
    evidence = world.blob(issued)
    pem = encode_b64(certificate_pem(issued.der)).encode()
    refuse(world, logged_as(world, issued, lambda body: body.replace(pem, b""), evidence), "malformed")


@pytest.mark.parametrize("kind", ["its bare key", "another certificate first", "the key of another", "CSR"])
def test_an_entry_that_names_another_verifier_is_refused(world: World, kind: str) -> None:
    issued, other = world.certificate(), world.certificate()
    verifier = {
        "its bare key": key_pem(issued.signer),
        "another certificate first": certificate_pem(other.der) + certificate_pem(issued.der),
        "the key of another": key_pem(other.signer),
        "CSR": certificate_pem(issued.der).replace(b"CERTIFICATE", b"CERTIFICATE REQUEST"),
    }[kind]
    refuse(world, with_verifier(verifier)(world, issued), "tlog.entry-mismatch")


def test_an_entry_of_a_certificate_does_not_log_a_bare_key(world: World) -> None:
    issued = world.certificate()
    evidence = world.blob(issued)._replace(chain_der=(), key_hint=None)
    with pytest.raises(SigningError) as refusal:
        Attempt(evidence, requirements=by_key(issued.signer.public_key)).run(world)
    assert refusal.value.code == "tlog.entry-mismatch"


# ---- which log -----------------------------------------------------------------------------------------------------
def v2_body(evidence: Evidence, issued: Issued) -> bytes:
    verifier = Verifier("certificate-der", issued.der, "PKIX_ECDSA_P256_SHA_256")
    return format_hashedrekord_v2("sha256", GOOD.digests["sha256"], evidence.signature, verifier)


def test_a_body_of_rekor_v2_in_a_rekor_v1_log_is_refused(world: World) -> None:
    """Else the time of an old log would count for a body that the old log never checks."""
    issued = world.certificate()
    evidence = world.blob(issued, stamped_at=SIGNED_AT)
    entry = world.log_v1.append("hashedrekord", "0.0.2", v2_body(evidence, issued), SIGNED_AT)
    refuse(world, evidence._replace(entries=(entry,)), "tlog.root-mismatch")
    assert entry.proof is not None
    entry = entry._replace(promise=None, log_index=entry.proof.log_index)
    refuse(world, evidence._replace(entries=(entry,)), "checkpoint.invalid")


def test_a_body_of_rekor_v1_in_a_rekor_v2_log_is_refused(world: World) -> None:
    issued = world.certificate()
    evidence = world.blob(issued, stamped_at=SIGNED_AT)
    entry = world.log_v2.append("hashedrekord", "0.0.1", evidence.entries[0].body, None)
    refuse(world, evidence._replace(entries=(entry,)), "checkpoint.invalid")


def test_an_entry_in_the_name_of_another_known_log_is_refused(world: World) -> None:
    evidence = world.blob(log="v2", stamped_at=SIGNED_AT)
    entry = evidence.entries[0]._replace(log_id=world.log_v1.log_id)
    refuse(world, evidence._replace(entries=(entry,)), "checkpoint.invalid")
    evidence = world.blob()
    entry = evidence.entries[0]._replace(log_id=world.log_v2.log_id)
    refuse(world, evidence._replace(entries=(entry,)), "tlog.promise-invalid")


def test_a_time_that_no_log_signed_is_no_time(world: World) -> None:
    evidence = world.blob(log="v2")
    entry = evidence.entries[0]._replace(integrated_at=int(SIGNED_AT.timestamp()))
    refuse(world, evidence._replace(entries=(entry,)), "timestamp.missing")


def test_a_promise_that_the_log_signed_for_a_checkpoint_is_none(world: World) -> None:
    """A log's key signs promises and checkpoints; one is never the other."""
    evidence = world.blob()
    proof = evidence.entries[0].proof
    assert proof is not None
    note = proof.checkpoint.partition("\n\n")[0] + "\n"
    entry = evidence.entries[0]._replace(promise=world.log_v1.signer.sign(note.encode()))
    refuse(world, evidence._replace(entries=(entry,)), "tlog.promise-invalid")


# ---- proofs --------------------------------------------------------------------------------------------------------
PROOFS: dict[str, tuple[str, dict[str, object]]] = {
    "one hash more": ("malformed", {"hashes": lambda p: (*p.hashes, bytes(32))}),
    "one hash less": ("malformed", {"hashes": lambda p: p.hashes[:-1]}),
    "no hash": ("malformed", {"hashes": lambda p: ()}),
    "hashes in another order": ("tlog.root-mismatch", {"hashes": lambda p: p.hashes[::-1]}),
    "a short hash": ("malformed", {"hashes": lambda p: (p.hashes[0][:31], *p.hashes[1:])}),
    "an empty tree": ("malformed", {"size": lambda p: 0, "log_index": lambda p: 0, "hashes": lambda p: ()}),
    "an index that is the size": ("malformed", {"log_index": lambda p: p.size}),
    "a negative index": ("malformed", {"log_index": lambda p: -1}),
    "a tree larger than any": ("malformed", {"size": lambda p: 2**64}),
    "another root": ("tlog.root-mismatch", {"root": lambda p: bytes(32)}),
}


@pytest.mark.parametrize("log", ["v1", "v2"])
@pytest.mark.parametrize("name", PROOFS)
def test_a_proof_of_another_shape_is_refused(world: World, name: str, log: str) -> None:
    for _ in range(4):  # a tree in which the path has siblings on either side
        evidence = world.blob(log=log, stamped_at=SIGNED_AT)
    proof = evidence.entries[0].proof
    assert proof is not None
    code, changes = PROOFS[name]
    if len(set(proof.hashes)) < 2:
        evidence = world.blob(log=log, stamped_at=SIGNED_AT)
        proof = evidence.entries[0].proof
        assert proof is not None
    changed = proof._replace(**{field: change(proof) for field, change in changes.items()})  # type: ignore[operator]
    entry = evidence.entries[0]._replace(proof=changed)
    refuse(world, evidence._replace(entries=(entry,)), code)


def test_an_inner_node_is_no_leaf(world: World) -> None:
    """The two kinds of hashes are told apart: a body made of two hashes is not the node above them."""
    evidence = world.blob(log="v2", stamped_at=SIGNED_AT)
    proof = evidence.entries[0].proof
    assert proof is not None
    node = world.log_v2.node(0, 0) + world.log_v2.node(0, 1)
    entry = evidence.entries[0]._replace(
        body=node, log_index=0, proof=proof._replace(log_index=0, hashes=proof.hashes[1:])
    )
    refuse(world, evidence._replace(entries=(entry,)), "malformed")


# ---- checkpoints ---------------------------------------------------------------------------------------------------
Checkpoint = Callable[[str], str]
CHECKPOINTS: dict[str, tuple[str, Checkpoint]] = {
    "another text under the same signatures": ("checkpoint.invalid", lambda note: note.replace("\n", "\n1", 1)),
    "an extension line that was not signed": ("checkpoint.invalid", lambda note: note.replace("\n\n", "\nmore\n\n")),
    "a second text in front": ("malformed", lambda note: "log9.example.com\n1\nAA==\n\n" + note),
    "an empty line in the text": ("malformed", lambda note: note.replace("\n", "\n\n", 1)),
    "a zero before the size": ("malformed", lambda note: note.replace("\n", "\n0", 1)),
    "digits of another script": ("malformed", lambda note: note.replace("\n", "\n\u0661", 1)),
    "carriage returns": ("malformed", lambda note: note.replace("\n", "\r\n")),
    "no line break at the end": ("malformed", lambda note: note[:-1]),
    "a blank at the end of a line": ("malformed", lambda note: note[:-1] + " \n"),
    "a name with a blank": ("malformed", lambda note: note.replace("\u2014 ", "\u2014 evil ")),
    "a hyphen for the dash": ("malformed", lambda note: note.replace("\u2014 ", "- ")),
    "no signature": ("malformed", lambda note: note.partition("\u2014")[0]),
    "too many signatures": ("malformed", lambda note: note + note.partition("\n\n")[2] * 64),
    "a control character": ("malformed", lambda note: note.replace("\n", "\0\n", 1)),
}


@pytest.mark.parametrize("log", ["v1", "v2"])
@pytest.mark.parametrize("name", CHECKPOINTS)
def test_another_spelling_of_a_checkpoint_is_refused(world: World, name: str, log: str) -> None:
    evidence = world.blob(log=log, stamped_at=SIGNED_AT)
    proof = evidence.entries[0].proof
    assert proof is not None
    code, rewrite = CHECKPOINTS[name]
    entry = evidence.entries[0]._replace(proof=proof._replace(checkpoint=rewrite(proof.checkpoint)))
    attempt = Attempt(evidence._replace(entries=(entry,)))
    with pytest.raises(SigningError) as refusal:
        attempt.run(world)
    assert refusal.value.code == code, refusal.value


@pytest.mark.parametrize("log", ["v1", "v2"])
def test_lines_of_others_neither_help_nor_hide_the_log_s_own(world: World, log: str) -> None:
    evidence = world.blob(log=log, stamped_at=SIGNED_AT)
    proof = evidence.entries[0].proof
    assert proof is not None
    source = world.log_v1 if log == "v1" else world.log_v2
    text, _, own = proof.checkpoint.partition("\n\n")
    collision = f"\u2014 {source.name} {encode_b64(source.log_id[:4] + b'x' * 64)}\n"  # the log's name and hint
    stranger = f"\u2014 witness.example.com {encode_b64(b'abcd' + b'x' * 64)}\n"
    for lines, good in ((collision + stranger + own, True), (own + own, True), (collision + stranger, False)):
        entry = evidence.entries[0]._replace(proof=proof._replace(checkpoint=f"{text}\n\n{lines}"))
        attempt = Attempt(evidence._replace(entries=(entry,)))
        if good:
            attempt.run(world)
        else:
            with pytest.raises(SigningError) as refusal:
                attempt.run(world)
            assert refusal.value.code == "checkpoint.invalid"


def test_a_key_with_the_log_s_hint_does_not_speak_for_it(world: World) -> None:
    evidence = world.blob(log="v2", stamped_at=SIGNED_AT)
    proof = evidence.entries[0].proof
    assert proof is not None
    forged = world.log_v2.checkpoint(signer=generate_signer("ed25519"))
    entry = evidence.entries[0]._replace(proof=proof._replace(checkpoint=forged))
    refuse(world, evidence._replace(entries=(entry,)), "checkpoint.invalid")
