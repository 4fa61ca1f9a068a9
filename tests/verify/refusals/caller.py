"""The evidence is good; the caller forgot something."""

import hashlib

from tests.verify.attempts import GOOD, Attempt
from tests.verify.factory import NOW, World
from tests.verify.refusals.cases import Cases, putting_into

CASES: Cases = {}
refused_as = putting_into(CASES)


@refused_as("usage")
def no_artifact(world: World) -> Attempt:
    return Attempt(world.blob(), None)


@refused_as("usage")
def moment_without_time_zone(world: World) -> Attempt:
    return Attempt(world.blob(), now=NOW.replace(tzinfo=None))


@refused_as("artifact.digest-mismatch")
def artifact_known_by_another_digest_only(world: World) -> Attempt:
    digest = hashlib.sha512(b"a small artifact\n").digest()
    return Attempt(world.blob(), GOOD._replace(digests={"sha512": digest}))
