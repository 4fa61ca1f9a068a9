"""The certificate comes from the wrong hands, or no certificate log knows it."""

from cryptography.x509.oid import ExtendedKeyUsageOID

from pycosign.crypto.signers import generate_signer
from pycosign.wire.trusted_root import ValidFor
from tests.verify.attempts import Attempt
from tests.verify.factory import EPOCH, SIGNED_AT, World
from tests.verify.issuing import Issued
from tests.verify.refusals.cases import HOUR, Cases, putting_into

CASES: Cases = {}
refused_as = putting_into(CASES)


@refused_as("cert.untrusted")
def certificate_of_another_authority_of_the_same_name(world: World) -> Attempt:
    return Attempt(world.blob(World().certificate(ct=world.ct)))


@refused_as("cert.untrusted")
def certificate_that_is_not_for_code_signing(world: World) -> Attempt:
    return Attempt(world.blob(world.certificate(eku=ExtendedKeyUsageOID.EMAIL_PROTECTION)))


@refused_as("cert.untrusted")
def certificate_of_a_leaf(world: World) -> Attempt:
    leaf = world.certificate()
    forged = world.certificate(ca=Issued(leaf.certificate, leaf.signer))
    evidence = world.blob(forged)
    return Attempt(evidence._replace(chain_der=(*evidence.chain_der, leaf.der)))


@refused_as("cert.untrusted")
def root_certificate_in_a_bundle(world: World) -> Attempt:
    evidence = world.blob()
    return Attempt(evidence._replace(chain_der=(*evidence.chain_der, world.ca.der, world.root.der)))


@refused_as("sct.invalid")
def wrong_certificate_log_key(world: World) -> Attempt:
    other = generate_signer()
    known = world.ct_key()._replace(key_der=other.public_key.spki_der)
    return Attempt(world.blob(), trust=world.trust(ctlogs=(known,)))


@refused_as("sct.invalid")
def proof_of_an_unknown_certificate_log(world: World) -> Attempt:
    return Attempt(world.blob(world.certificate(ct=generate_signer())))


@refused_as("sct.invalid")
def proof_in_a_known_log_s_name(world: World) -> Attempt:
    forged = world.certificate(ct=generate_signer(), ct_log_id=world.ct_key().log_id)
    return Attempt(world.blob(forged))


@refused_as("sct.invalid")
def proof_of_a_certificate_log_that_had_been_retired(world: World) -> Attempt:
    retired = world.ct_key()._replace(valid_for=ValidFor(EPOCH, SIGNED_AT - HOUR))
    return Attempt(world.blob(), trust=world.trust(ctlogs=(retired,)))


@refused_as("sct.invalid")
def no_certificate_log_proof(world: World) -> Attempt:
    return Attempt(world.blob(world.certificate(with_sct=False)))
