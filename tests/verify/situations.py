"""Everything that one answer of the verifier depends on, as one value that can be changed piece by piece.

`recorded` are those of the corpus and of sigstore-conformance; `drawn` makes others, most of which are refused: a kind
of bundle, perhaps with something wrong, more log entries and timestamps beside it, a trust root with more in it than
the bundle needs, and demands.
"""

from datetime import datetime, timedelta
from functools import cache
from random import Random
from typing import NamedTuple

from cryptography import x509
from hypothesis import assume
from hypothesis import strategies as st

from pycosign.crypto.signers import Signer
from pycosign.errors import SigningError
from pycosign.verify.artifact import Artifact, artifact_from_bytes
from pycosign.verify.evidence import Evidence, evidence_from_bundle
from pycosign.verify.pipeline import verify
from pycosign.verify.requirements import Requirements, SignerIdentity, SignerKey, TextRule, Waiver
from pycosign.verify.result import Verified
from pycosign.verify.trust import compile_trust
from pycosign.wire.bundle import MessageSignature
from pycosign.wire.dsse import Envelope
from pycosign.wire.log_entry import LogEntry
from pycosign.wire.trusted_root import Authority, TrustedRoot, ValidFor, parse_trusted_root
from tests.corpus.load import corpus
from tests.mutation.changes import CHANGES
from tests.mutation.generated import Plan, another_world, recipes, the_world
from tests.verify.attempts import GOOD
from tests.verify.factory import EPOCH, IDENTITY, ISSUER, NOW, SIGNED_AT, World
from tests.verify.issuing import Issued, make_authority
from tests.verify.vectors import CONFORMANCE, PUBLIC_GOOD, ConformanceCase, conformance_cases
from tests.verify.vectors import NOW as RECORDED_NOW

VERIFIED = "verified"
MINUTE, YEAR = timedelta(minutes=1), timedelta(days=365)
ALWAYS, UNTIL_LATER = ValidFor(EPOCH, None), ValidFor(EPOCH, SIGNED_AT + MINUTE)
ENDED, TO_COME = ValidFor(EPOCH, SIGNED_AT - MINUTE), ValidFor(SIGNED_AT + YEAR, None)


class Situation(NamedTuple):
    """The arguments of `verify`; the trust root in its file's form. name: for people."""

    name: str
    evidence: Evidence
    artifact: Artifact
    root: TrustedRoot
    requirements: Requirements
    now: datetime = NOW

    def result(self) -> Verified:
        return verify(
            self.evidence,
            self.artifact,
            trust=compile_trust(self.root),
            requirements=self.requirements,
            now=self.now,
        )

    def answer(self) -> str:
        """ "verified", or the code of the refusal."""
        try:
            self.result()
        except SigningError as exc:
            return exc.code
        return VERIFIED


# ---- recorded ------------------------------------------------------------------------------------------------------
@cache
def recorded() -> tuple[Situation, ...]:
    """Bundles of others: the whole corpus, which is accepted, and the cases of the conformance suite that must fail."""
    found = []
    for entry in corpus().values():
        path = entry.options().trust
        if path is not None:
            evidence = entry.evidence(entry.document())
            found.append(Situation(entry.name, evidence, entry.artifact, _root(path), entry.requirements, RECORDED_NOW))
    for name in conformance_cases():
        case = ConformanceCase(name)
        own = CONFORMANCE / name / "trusted_root.json"
        try:
            evidence, root = case.evidence(), _root(str(own if own.exists() else PUBLIC_GOOD))
            artifact, demanded = artifact_from_bytes(case.artifact()), case.requirements()
        except SigningError:
            continue
        if case.must_fail:
            found.append(Situation(name, evidence, artifact, root, demanded, RECORDED_NOW))
    return tuple(found)


@cache
def _root(path: str) -> TrustedRoot:
    with open(path, "rb") as file:
        return parse_trusted_root(file.read())


# ---- drawn ---------------------------------------------------------------------------------------------------------
ALGORITHMS = ("ecdsa-p256", "ed25519")  # the others differ in nothing that is asked here, and RSA keys take long
RECIPES = tuple(recipe for recipe in recipes() if recipe.algorithm in ALGORITHMS)
DEEP = tuple(change for change in CHANGES if change.text is None)  # the others are for parsers
STAMPED_AT = {"in time": SIGNED_AT, "later": SIGNED_AT + YEAR, "before": SIGNED_AT - YEAR / 10}
STAMPED_BY = ("the authority", "another one", "a stranger")
WAIVERS = (frozenset[Waiver](), frozenset({Waiver.TLOG}), frozenset({Waiver.SCT}))


@cache
def second_world() -> World:
    """Another Sigstore, that trust roots may know besides."""
    return World()


@cache
def successor() -> Issued:
    """An intermediate below the same root."""
    world = the_world()
    return make_authority("successor", world.root, EPOCH, EPOCH + 10 * YEAR)


@st.composite
def drawn(draw: st.DrawFn) -> Situation:
    recipe = draw(st.sampled_from(RECIPES))
    fitting = [change for change in DEEP if change.applies(recipe)]
    change = draw(st.sampled_from(fitting)) if draw(st.booleans()) else None
    plan = Plan(the_world(), recipe)
    plan.stamp = {"certificates": draw(st.booleans())}
    if recipe.has_certificate and recipe.version != "0.3" and draw(st.booleans()):
        plan.chain = (the_world().ca.der,)
    if change is not None and change.plan is not None:
        change.plan(plan)
    bundle, signer = plan.make()
    if change is not None and change.bundle is not None:
        bundle = change.bundle(bundle, plan, Random(0))
    try:
        evidence = evidence_from_bundle(bundle)
    except SigningError:
        assume(False)
        raise
    more = draw(st.lists(st.sampled_from(sorted(STAMPED_AT)), max_size=2))
    for when in more:
        stamp = stamp_of(evidence, draw(st.sampled_from(STAMPED_BY)), when)
        evidence = evidence._replace(timestamps=(*evidence.timestamps, stamp))
    if draw(st.booleans()) and bundle.version == "0.3":
        other = draw(st.sampled_from((the_world(), second_world(), another_world())))
        evidence = evidence._replace(entries=(*evidence.entries, *entries_of(plan, evidence, other)))
    demanded = SignerKey(signer.public_key) if not recipe.has_certificate else _person()
    name = f"{recipe}; {change.name if change else 'as it should be'}; {more}"
    return Situation(name, evidence, GOOD, draw(roots()), draw(demands(demanded)))


def _person() -> SignerIdentity:
    return SignerIdentity(TextRule(IDENTITY), TextRule(ISSUER))


def stamp_of(evidence: Evidence, by: str, when: str) -> bytes:
    """A timestamp over the evidence's signature."""
    worlds = {"the authority": the_world(), "another one": second_world(), "a stranger": another_world()}
    return worlds[by].stamp(evidence.signature, STAMPED_AT[when])


def entries_of(plan: Plan, evidence: Evidence, world: World) -> tuple[LogEntry, ...]:
    """The same signature in a log of this world: v1's, or v2's for a signature that only that one takes."""
    message = plan.recipe.content == "message"
    kind = "hashedrekord 0.0.1" if message else "dsse 0.0.1"
    if plan.recipe.entry == kind or (not message and plan.recipe.entry == "hashedrekord 0.0.2"):
        kind = "hashedrekord 0.0.2" if message else "dsse 0.0.2"
    if plan.recipe.algorithm == "ed25519" and kind.startswith("hashedrekord"):
        return ()
    holder = Plan(world, plan.recipe._replace(entry=kind, proved_by="both"))
    holder.signer, holder.artifact, holder.statement = plan.signer, plan.artifact, plan.statement
    issued: Issued | Signer = plan.signer
    if evidence.chain_der:
        try:
            issued = Issued(x509.load_der_x509_certificate(evidence.chain_der[0]), plan.signer)
        except ValueError:  # what is wrong is the certificate's form
            return ()
    assert isinstance(evidence.content, MessageSignature | Envelope)
    return (holder._entry(evidence.content, issued),)


@st.composite
def roots(draw: st.DrawFn) -> TrustedRoot:
    """What the bundle needs, and perhaps a second Sigstore, the same log or authority again, a successor."""
    own, other = the_world().trusted_root(), second_world().trusted_root()
    windows = st.sampled_from((ALWAYS, ALWAYS, UNTIL_LATER, ENDED, TO_COME))
    tlogs = [log._replace(valid_for=draw(windows)) for log in own.tlogs]
    authorities = [item._replace(valid_for=draw(windows)) for item in own.timestamp_authorities]
    cas = [item._replace(valid_for=draw(windows)) for item in own.certificate_authorities]
    if draw(st.booleans()):
        tlogs += [log._replace(operator=f"{log.operator} of others") for log in other.tlogs]
        authorities += [
            item._replace(uri="https://tsa.other.example", operator="others") for item in other.timestamp_authorities
        ]
    extra = draw(
        st.sets(st.sampled_from(("log again", "link", "successor", "open authority", "certificate log again")))
    )
    ctlogs = list(own.ctlogs)
    if "log again" in extra:
        tlogs.append(own.tlogs[draw(st.integers(0, 1))]._replace(valid_for=draw(windows)))
    if "link" in extra:
        tlogs.append(tlogs[0]._replace(operator=tlogs[1].operator, log_id=b"\x07" * 32, base_url=""))
    if "successor" in extra:
        root = the_world().root
        cas.append(Authority("https://ca2.example.com", "", "", (successor().der, root.der), ALWAYS))
    if "open authority" in extra:
        authorities.append(Authority("https://open.example.com", "", "", (the_world().tsa_root.der,), ALWAYS))
    if "certificate log again" in extra:
        ctlogs.append(ctlogs[0]._replace(valid_for=draw(windows)))
    return TrustedRoot(tuple(tlogs), tuple(ctlogs), tuple(cas), tuple(authorities))


@st.composite
def demands(draw: st.DrawFn, signer: SignerKey | SignerIdentity) -> Requirements:
    if isinstance(signer, SignerKey) and draw(st.booleans()):
        signer = signer._replace(valid_until=SIGNED_AT + draw(st.sampled_from((-MINUTE, MINUTE, 2 * YEAR))))
    return Requirements(
        signer,
        waivers=draw(st.sampled_from(WAIVERS)),
        min_logs=draw(st.sampled_from((1, 1, 2))),
        min_timestamp_authorities=draw(st.sampled_from((0, 0, 1, 2))),
    )
