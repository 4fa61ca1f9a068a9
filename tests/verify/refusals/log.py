"""The log entry, its promise, its proof or its checkpoint is missing, or is not of this signature."""

from pycosign.crypto.signers import generate_signer
from pycosign.wire.rekor_body import Verifier, format_hashedrekord_v1, format_hashedrekord_v2
from pycosign.wire.trusted_root import ValidFor
from tests.verify.attempts import GOOD, OTHER, Attempt, by_key, certificate_pem, flipped
from tests.verify.factory import EPOCH, SIGNED_AT, World
from tests.verify.refusals.cases import HOUR, Cases, edit_entry, edit_proof, putting_into

CASES: Cases = {}
refused_as = putting_into(CASES)


@refused_as("tlog.missing")
def no_log_entry(world: World) -> Attempt:
    return Attempt(world.blob(log=None, stamped_at=SIGNED_AT))


@refused_as("tlog.missing")
def no_log_entry_under_a_key(world: World) -> Attempt:
    signer = generate_signer()
    return Attempt(world.blob(signer, log=None), requirements=by_key(signer.public_key))


@refused_as("tlog.missing")
def log_entry_without_any_proof(world: World) -> Attempt:
    evidence = edit_entry(world.blob(stamped_at=SIGNED_AT), promise=None, proof=None)
    return Attempt(evidence._replace(proof_required=False))


@refused_as("tlog.missing")
def promise_alone_where_the_format_demands_a_proof(world: World) -> Attempt:
    return Attempt(edit_entry(world.blob(), proof=None))


@refused_as("tlog.missing")
def rekor_v2_entry_without_inclusion_proof(world: World) -> Attempt:
    evidence = edit_entry(world.blob(log="v2", stamped_at=SIGNED_AT), proof=None)
    return Attempt(evidence._replace(proof_required=False))


@refused_as("tlog.unknown-log")
def entry_of_a_foreign_log(world: World) -> Attempt:
    return Attempt(World().blob(world.certificate()))


@refused_as("tlog.unknown-log")
def entry_of_a_log_that_had_been_retired(world: World) -> Attempt:
    v1, v2 = world.trusted_root().tlogs
    retired = v1._replace(valid_for=ValidFor(EPOCH, SIGNED_AT - HOUR))
    return Attempt(world.blob(), trust=world.trust(tlogs=(retired, v2)))


@refused_as("tlog.unknown-log")
def rekor_v2_entry_stamped_after_the_log_had_been_retired(world: World) -> Attempt:
    v1, v2 = world.trusted_root().tlogs
    retired = v2._replace(valid_for=ValidFor(EPOCH, SIGNED_AT - HOUR))
    return Attempt(world.blob(log="v2", stamped_at=SIGNED_AT), trust=world.trust(tlogs=(v1, retired)))


@refused_as("tlog.entry-mismatch")
def entry_of_another_signature(world: World) -> Attempt:
    issued = world.certificate()
    return Attempt(world.blob(issued)._replace(entries=world.blob(issued).entries))


@refused_as("tlog.entry-mismatch")
def rekor_v2_entry_of_another_signature(world: World) -> Attempt:
    issued = world.certificate()
    evidence = world.blob(issued, log="v2", stamped_at=SIGNED_AT)
    return Attempt(evidence._replace(entries=world.blob(issued, log="v2").entries))


@refused_as("tlog.entry-mismatch")
def entry_of_this_signature_over_another_artifact(world: World) -> Attempt:
    issued = world.certificate()
    evidence = world.blob(issued)
    body = format_hashedrekord_v1("sha256", OTHER.digests["sha256"], evidence.signature, certificate_pem(issued.der))
    entry = world.log_v1.append("hashedrekord", "0.0.1", body, SIGNED_AT)
    return Attempt(evidence._replace(entries=(entry,)))


@refused_as("tlog.entry-mismatch")
def entry_of_this_signature_under_another_certificate(world: World) -> Attempt:
    signer = generate_signer()
    first, second = world.certificate(signer), world.certificate(signer)
    evidence = world.blob(first)
    body = format_hashedrekord_v1("sha256", GOOD.digests["sha256"], evidence.signature, certificate_pem(second.der))
    entry = world.log_v1.append("hashedrekord", "0.0.1", body, SIGNED_AT)
    return Attempt(evidence._replace(entries=(entry,)))


@refused_as("tlog.entry-mismatch")
def rekor_v2_entry_that_names_another_algorithm(world: World) -> Attempt:
    issued = world.certificate()
    evidence = world.blob(issued, log="v2", stamped_at=SIGNED_AT)
    verifier = Verifier("certificate-der", issued.der, "PKIX_ECDSA_P384_SHA_384")
    body = format_hashedrekord_v2("sha256", GOOD.digests["sha256"], evidence.signature, verifier)
    entry = world.log_v2.append("hashedrekord", "0.0.2", body, None)
    return Attempt(evidence._replace(entries=(entry,)))


@refused_as("tlog.entry-mismatch")
def entry_called_by_another_kind(world: World) -> Attempt:
    return Attempt(edit_entry(world.blob(), version="0.0.2"))


@refused_as("tlog.entry-mismatch")
def second_entry_of_another_signature(world: World) -> Attempt:
    evidence = world.blob()
    return Attempt(evidence._replace(entries=(*evidence.entries, *world.blob().entries)))


@refused_as("malformed")
def same_entry_twice(world: World) -> Attempt:
    evidence = world.blob()
    return Attempt(evidence._replace(entries=evidence.entries * 2))


@refused_as("malformed")
def more_entries_than_allowed(world: World) -> Attempt:
    evidence = world.blob()
    entries = tuple(evidence.entries[0]._replace(log_index=number) for number in range(33))
    return Attempt(evidence._replace(entries=entries))


@refused_as("tlog.promise-invalid")
def edited_promise(world: World) -> Attempt:
    evidence = world.blob()
    promise = evidence.entries[0].promise
    assert promise is not None
    return Attempt(edit_entry(evidence, promise=flipped(promise, 80)))


@refused_as("tlog.promise-invalid")
def edited_time_of_a_promise(world: World) -> Attempt:
    evidence = world.blob()
    return Attempt(edit_entry(evidence, integrated_at=int(SIGNED_AT.timestamp()) + 1))


@refused_as("tlog.promise-invalid")
def edited_index_of_a_promise(world: World) -> Attempt:
    evidence = world.blob()
    return Attempt(edit_entry(evidence, log_index=evidence.entries[0].log_index + 1))


@refused_as("tlog.root-mismatch")
def edited_inclusion_proof(world: World) -> Attempt:
    evidence = world.blob(log="v2", stamped_at=SIGNED_AT)
    proof = evidence.entries[0].proof
    assert proof is not None
    return Attempt(edit_proof(evidence, hashes=(flipped(proof.hashes[0]), *proof.hashes[1:])))


@refused_as("tlog.root-mismatch")
def checkpoint_of_another_tree_size(world: World) -> Attempt:
    evidence = world.blob(log="v2", stamped_at=SIGNED_AT)
    world.blob(log="v2")
    return Attempt(edit_proof(evidence, checkpoint=world.log_v2.checkpoint()))


@refused_as("tlog.root-mismatch")
def rekor_v2_entry_that_calls_itself_by_another_index(world: World) -> Attempt:
    evidence = world.blob(log="v2", stamped_at=SIGNED_AT)
    return Attempt(edit_entry(evidence, log_index=evidence.entries[0].log_index - 1))


@refused_as("checkpoint.invalid")
def checkpoint_signed_by_another_key(world: World) -> Attempt:
    evidence = world.blob(log="v2", stamped_at=SIGNED_AT)
    return Attempt(edit_proof(evidence, checkpoint=world.log_v2.checkpoint(signer=generate_signer("ed25519"))))


@refused_as("checkpoint.invalid")
def checkpoint_of_another_origin(world: World) -> Attempt:
    evidence = world.blob(log="v2", stamped_at=SIGNED_AT)
    return Attempt(edit_proof(evidence, checkpoint=world.log_v2.checkpoint(origin="log3.example.com")))


@refused_as("checkpoint.invalid")
def checkpoint_under_another_host_than_the_log_has(world: World) -> Attempt:
    evidence = world.blob(log="v2", stamped_at=SIGNED_AT)
    other = world.log_v2.checkpoint(origin="log3.example.com", name="log3.example.com")
    return Attempt(edit_proof(evidence, checkpoint=other))


@refused_as("checkpoint.invalid")
def rekor_v1_checkpoint_signed_by_another_key(world: World) -> Attempt:
    evidence = world.blob()
    return Attempt(edit_proof(evidence, checkpoint=world.log_v1.checkpoint(signer=generate_signer())))


@refused_as("checkpoint.invalid")
def rekor_v1_checkpoint_named_differently_than_its_origin(world: World) -> Attempt:
    evidence = world.blob()
    return Attempt(edit_proof(evidence, checkpoint=world.log_v1.checkpoint(name="evil.example.com")))
