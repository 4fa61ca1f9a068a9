"""The artifact, the signature over it, or the key under it is another."""

from pycosign.crypto.signers import generate_signer
from pycosign.verify.requirements import Waiver
from pycosign.wire.bundle import MessageSignature
from tests.verify.attempts import OTHER, Attempt, as_legacy, by_key, certificate_pem, flipped, key_pem
from tests.verify.factory import SIGNED_AT, World
from tests.verify.refusals.cases import Cases, putting_into

CASES: Cases = {}
refused_as = putting_into(CASES)


# ---- artifact and signature ----------------------------------------------------------------------------------------
@refused_as("artifact.digest-mismatch")
def edited_artifact(world: World) -> Attempt:
    return Attempt(world.blob(), OTHER)


@refused_as("artifact.digest-mismatch")
def edited_artifact_under_a_legacy_bundle(world: World) -> Attempt:
    issued = world.certificate()
    return Attempt(as_legacy(world.blob(issued), certificate_pem(issued.der)), OTHER)


@refused_as("signature.invalid")
def edited_artifact_and_its_stated_digest(world: World) -> Attempt:
    evidence = world.blob()
    content = MessageSignature("sha256", OTHER.digests["sha256"], evidence.signature)
    # The log entry still tells which artifact the signature is for, but a signature that fails is said to fail.
    return Attempt(evidence._replace(content=content, entries=()), OTHER)


@refused_as("signature.invalid")
def edited_signature(world: World) -> Attempt:
    evidence = world.blob(stamped_at=SIGNED_AT)
    return Attempt(evidence._replace(signature=flipped(evidence.signature, 80)))


@refused_as("signature.invalid")
def signature_of_another_certificate_with_the_same_identity(world: World) -> Attempt:
    return Attempt(world.blob()._replace(chain_der=(world.certificate().der,)))


# ---- keys ----------------------------------------------------------------------------------------------------------
@refused_as("key.mismatch")
def wrong_key(world: World) -> Attempt:
    return Attempt(world.blob(generate_signer()), requirements=by_key(generate_signer().public_key))


@refused_as("key.mismatch")
def wrong_key_that_only_the_log_entry_tells(world: World) -> Attempt:
    evidence = world.blob(generate_signer())._replace(key_hint="our release key")
    return Attempt(evidence, requirements=by_key(generate_signer().public_key))


@refused_as("signature.invalid")
def wrong_key_that_nothing_tells(world: World) -> Attempt:
    evidence = world.blob(generate_signer(), log=None)._replace(key_hint=None)
    return Attempt(evidence, requirements=by_key(generate_signer().public_key, Waiver.TLOG))


@refused_as("signature.invalid")
def wrong_key_with_a_hint_that_names_the_demanded_one(world: World) -> Attempt:
    demanded = generate_signer()
    hint = world.blob(demanded, log=None).key_hint
    evidence = world.blob(generate_signer(), log=None)._replace(key_hint=hint)
    return Attempt(evidence, requirements=by_key(demanded.public_key, Waiver.TLOG))


@refused_as("key.mismatch")
def certificate_where_a_key_is_demanded(world: World) -> Attempt:
    issued = world.certificate()
    return Attempt(world.blob(issued), requirements=by_key(issued.signer.public_key))


@refused_as("key.mismatch")
def key_where_an_identity_is_demanded(world: World) -> Attempt:
    return Attempt(world.blob(generate_signer()))


@refused_as("legacy.cert-substitution")
def another_public_key_in_a_legacy_bundle(world: World) -> Attempt:
    attacker, demanded = generate_signer(), generate_signer()
    return Attempt(as_legacy(world.blob(attacker), key_pem(attacker)), requirements=by_key(demanded.public_key))


@refused_as("legacy.cert-substitution")
def another_public_key_in_a_legacy_bundle_that_the_demanded_key_signed(world: World) -> Attempt:
    demanded = generate_signer()
    evidence = as_legacy(world.blob(demanded), key_pem(generate_signer()))
    return Attempt(evidence, requirements=by_key(demanded.public_key))


@refused_as("legacy.cert-substitution")
def certificate_in_a_legacy_bundle_where_a_key_is_demanded(world: World) -> Attempt:
    issued = world.certificate()
    evidence = as_legacy(world.blob(issued), certificate_pem(issued.der))
    return Attempt(evidence, requirements=by_key(issued.signer.public_key))


@refused_as("legacy.cert-substitution")
def public_key_in_a_legacy_bundle_where_an_identity_is_demanded(world: World) -> Attempt:
    signer = generate_signer()
    return Attempt(as_legacy(world.blob(signer), key_pem(signer)))
