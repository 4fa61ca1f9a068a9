"""Authorities that the trust root no longer believes, and evidence that brings their certificates along."""

from datetime import timedelta

import pytest

from pycosign.errors import SigningError
from pycosign.wire.trusted_root import Authority, ValidFor
from tests.verify.attempts import Attempt
from tests.verify.factory import EPOCH, SIGNED_AT, World
from tests.verify.issuing import Issued, make_authority

END = EPOCH + timedelta(days=3650)
RETIRED_AT = SIGNED_AT - timedelta(days=10)


def authority(world: World, ca: Issued, window: ValidFor) -> Authority:
    return Authority("https://ca.example.com", "", "", (ca.der, world.root.der), window)


@pytest.mark.parametrize("source", ["bundle v0.1", "bundle v0.2", "legacy image signature"])
def test_an_intermediate_that_was_retired_does_not_come_back_with_the_evidence(world: World, source: str) -> None:
    """Its successor is below the same root, so there is a path to a trusted one: by a key that counts no more."""
    retired = authority(world, world.ca, ValidFor(EPOCH, RETIRED_AT))
    successor = authority(world, make_authority("successor", world.root, EPOCH, END), ValidFor(RETIRED_AT, None))
    renewed = make_authority("intermediate", world.root, EPOCH, END, signer=world.ca.signer)
    evidence = world.blob()._replace(source=source)
    for above in ((), (world.ca.der,), (renewed.der,)):
        attempt = Attempt(evidence._replace(chain_der=(*evidence.chain_der, *above)))
        for found in ((retired, successor), (successor, retired)):
            with pytest.raises(SigningError) as refusal:
                attempt._replace(trust=world.trust(certificate_authorities=found)).run(world)
            assert refusal.value.code == "cert.not-valid-at-time"
        found = (retired._replace(valid_for=world.window), successor)
        assert attempt._replace(trust=world.trust(certificate_authorities=found)).run(world).identity
