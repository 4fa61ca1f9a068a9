"""The signature was made, as far as anybody proves, when it did not count."""

from pycosign.crypto.signers import generate_signer
from pycosign.verify.requirements import Waiver
from pycosign.wire.trusted_root import Authority, ValidFor
from tests.verify.attempts import Attempt, by_key, waiving
from tests.verify.factory import EPOCH, SIGNED_AT, World
from tests.verify.refusals.cases import HOUR, Cases, edit_entry, putting_into

CASES: Cases = {}
refused_as = putting_into(CASES)


@refused_as("cert.not-valid-at-time")
def logged_after_the_certificate_had_expired(world: World) -> Attempt:
    return Attempt(world.blob(logged_at=SIGNED_AT + HOUR))


@refused_as("cert.not-valid-at-time")
def logged_after_the_certificate_had_expired_although_stamped_before(world: World) -> Attempt:
    return Attempt(world.blob(logged_at=SIGNED_AT + HOUR, stamped_at=SIGNED_AT))


@refused_as("cert.not-valid-at-time")
def expired_certificate_without_log_and_timestamp(world: World) -> Attempt:
    return Attempt(world.blob(log=None), requirements=waiving(world, Waiver.TLOG))


@refused_as("cert.not-valid-at-time")
def authority_that_had_been_retired(world: World) -> Attempt:
    retired = Authority(
        "https://ca.example.com", "", "", (world.ca.der, world.root.der), ValidFor(EPOCH, SIGNED_AT - HOUR)
    )
    return Attempt(world.blob(), trust=world.trust(certificate_authorities=(retired,)))


@refused_as("timestamp.outside-validity")
def stamped_after_the_certificate_had_expired(world: World) -> Attempt:
    return Attempt(world.blob(log="v2", stamped_at=SIGNED_AT + HOUR))


@refused_as("timestamp.outside-validity")
def stamped_after_the_certificate_had_expired_although_logged_before(world: World) -> Attempt:
    return Attempt(world.blob(stamped_at=SIGNED_AT + HOUR))


@refused_as("timestamp.outside-validity")
def stamped_after_the_authority_had_been_retired(world: World) -> Attempt:
    (tsa,) = world.trusted_root().timestamp_authorities
    retired = tsa._replace(valid_for=ValidFor(EPOCH, SIGNED_AT - HOUR))
    evidence = world.blob(log="v2", stamped_at=SIGNED_AT)
    return Attempt(evidence, trust=world.trust(timestamp_authorities=(retired,)))


@refused_as("timestamp.outside-validity")
def stamped_after_the_authority_s_certificate_had_expired(world: World) -> Attempt:
    tsa = world.timestamp_certificate(EPOCH, SIGNED_AT - HOUR)
    authority = Authority("https://tsa.example.com", "", "", (tsa.der, world.tsa_root.der), ValidFor(EPOCH, None))
    evidence = world.blob(log="v2")
    evidence = evidence._replace(timestamps=(world.stamp(evidence.signature, tsa=tsa),))
    return Attempt(evidence, trust=world.trust(timestamp_authorities=(authority,)))


@refused_as("timestamp.invalid")
def timestamp_of_another_signature(world: World) -> Attempt:
    evidence = world.blob(log="v2")
    return Attempt(evidence._replace(timestamps=(world.stamp(b"another signature"),)))


@refused_as("timestamp.invalid")
def timestamp_signed_with_another_key_in_the_authority_s_name(world: World) -> Attempt:
    evidence = world.blob(stamped_at=SIGNED_AT)
    forged = world.stamp(evidence.signature, SIGNED_AT, signer=generate_signer())
    return Attempt(evidence._replace(timestamps=(forged,)))


@refused_as("timestamp.invalid")
def bad_timestamp_beside_a_good_one(world: World) -> Attempt:
    evidence = world.blob(stamped_at=SIGNED_AT)
    return Attempt(evidence._replace(timestamps=(*evidence.timestamps, world.stamp(b"another signature"))))


@refused_as("malformed")
def same_timestamp_twice(world: World) -> Attempt:
    evidence = world.blob(stamped_at=SIGNED_AT)
    return Attempt(evidence._replace(timestamps=evidence.timestamps * 2))


@refused_as("timestamp.missing")
def rekor_v2_without_timestamp(world: World) -> Attempt:
    return Attempt(world.blob(log="v2"))


@refused_as("timestamp.missing")
def rekor_v2_with_a_timestamp_of_an_unknown_authority(world: World) -> Attempt:
    evidence = world.blob(log="v2", stamped_at=SIGNED_AT)
    return Attempt(evidence, trust=world.trust(timestamp_authorities=()))


@refused_as("timestamp.missing")
def time_of_a_rekor_v1_entry_without_promise(world: World) -> Attempt:
    return Attempt(edit_entry(world.blob(), promise=None))


@refused_as("timestamp.missing")
def no_signed_timestamp_where_one_is_demanded(world: World) -> Attempt:
    return Attempt(world.blob(), requirements=world.requirements()._replace(use_signed_timestamps=True))


@refused_as("timestamp.missing")
def no_signed_timestamp_under_a_key_where_one_is_demanded(world: World) -> Attempt:
    signer = generate_signer()
    requirements = by_key(signer.public_key)._replace(use_signed_timestamps=True)
    return Attempt(world.blob(signer), requirements=requirements)
