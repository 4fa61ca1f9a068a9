"""Every way of being wrong that the tests know, by name: the code that refuses it, and how it is built."""

from tests.verify.refusals import caller, certificate, identity, log, signature, time
from tests.verify.refusals.cases import Cases

CASES: Cases = signature.CASES | identity.CASES | log.CASES | time.CASES | certificate.CASES | caller.CASES
