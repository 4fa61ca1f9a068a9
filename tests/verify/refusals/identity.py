"""The certificate is genuine and speaks of another signer."""

from cryptography import x509

from pycosign.verify.requirements import GithubWorkflow, Requirements, SignerIdentity, TextRule
from tests.verify.attempts import Attempt
from tests.verify.factory import IDENTITY, ISSUER, World
from tests.verify.refusals.cases import Cases, putting_into

CASES: Cases = {}
refused_as = putting_into(CASES)


def demanding(identity: TextRule, issuer: TextRule, **workflow: str) -> Requirements:
    return Requirements(SignerIdentity(identity, issuer, GithubWorkflow(**workflow)))


@refused_as("identity.mismatch")
def wrong_identity(world: World) -> Attempt:
    return Attempt(world.blob(), requirements=demanding(TextRule("other@example.com"), TextRule(ISSUER)))


@refused_as("identity.mismatch")
def identity_that_the_regexp_does_not_find(world: World) -> Attempt:
    rule = TextRule(regexp=r"^[a-z]+@example\.org$")
    return Attempt(world.blob(), requirements=demanding(rule, TextRule(ISSUER)))


@refused_as("identity.mismatch")
def identity_that_fits_the_regexp_but_not_the_exact_text(world: World) -> Attempt:
    rule = TextRule("other@example.com", regexp="example")
    return Attempt(world.blob(), requirements=demanding(rule, TextRule(ISSUER)))


@refused_as("identity.mismatch")
def two_names_of_which_one_is_demanded(world: World) -> Attempt:
    names = (x509.RFC822Name("other@example.com"), x509.RFC822Name(IDENTITY))
    return Attempt(world.blob(world.certificate(names=names)))


@refused_as("identity.mismatch")
def name_of_a_host(world: World) -> Attempt:
    issued = world.certificate(names=(x509.DNSName(IDENTITY.partition("@")[2]),))
    return Attempt(world.blob(issued), requirements=demanding(TextRule(regexp="."), TextRule(ISSUER)))


@refused_as("identity.mismatch")
def wrong_workflow_repository(world: World) -> Attempt:
    issued = world.certificate(claims={1: ISSUER, 5: "octo/fork", 8: ISSUER})
    wanted = demanding(TextRule(IDENTITY), TextRule(ISSUER), repository="octo/project")
    return Attempt(world.blob(issued), requirements=wanted)


@refused_as("issuer.mismatch")
def wrong_issuer(world: World) -> Attempt:
    return Attempt(world.blob(), requirements=demanding(TextRule(IDENTITY), TextRule(ISSUER + "/")))


@refused_as("issuer.mismatch")
def two_issuers(world: World) -> Attempt:
    return Attempt(world.blob(world.certificate(claims={1: ISSUER, 8: "https://evil.example.com"})))


@refused_as("issuer.mismatch")
def no_issuer(world: World) -> Attempt:
    issued = world.certificate(claims={})
    return Attempt(world.blob(issued), requirements=demanding(TextRule(IDENTITY), TextRule(regexp=".")))
