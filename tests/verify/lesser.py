"""Whatever is less than a situation has: a smaller trust root, stricter demands, less evidence; each with its name."""

import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from pycosign.codec.rfc3339 import format_rfc3339
from pycosign.crypto.digests import sha256
from pycosign.errors import SigningError
from pycosign.verify.claim import claimed_signer
from pycosign.verify.evidence import Evidence
from pycosign.verify.requirements import Requirements, SignerIdentity, SignerKey, TextRule
from pycosign.verify.revocation_list import RevocationList, parse_revocation_list
from pycosign.wire.trusted_root import Authority, LogKey, TrustedRoot, ValidFor
from tests.verify.situations import Situation

DAY = timedelta(days=1)


# ---- trust ---------------------------------------------------------------------------------------------------------
def smaller_roots(root: TrustedRoot) -> Iterator[tuple[str, TrustedRoot]]:
    """Without one of its members, with one of them for a shorter time, or with a chain that is cut."""
    for member in TrustedRoot._fields:
        items: tuple[LogKey | Authority, ...] = getattr(root, member)
        for place, item in enumerate(items):
            yield f"{member}: one removed", _with(root, member, (*items[:place], *items[place + 1 :]))
            for name, less in (*_shorter(item), *_cut(item)):
                yield f"{member}: {name}", _with(root, member, (*items[:place], less, *items[place + 1 :]))


def _with(root: TrustedRoot, member: str, items: tuple[LogKey | Authority, ...]) -> TrustedRoot:
    changes: Mapping[str, Any] = {member: items}
    return root._replace(**changes)


def _shorter(item: LogKey | Authority) -> Iterator[tuple[str, LogKey | Authority]]:
    """Its window's first instant alone, its last, and its second half."""
    start = item.valid_for.start or datetime.min.replace(tzinfo=UTC)
    end = item.valid_for.end or datetime.max.replace(tzinfo=UTC)
    for window in (ValidFor(start, start), ValidFor(end, end), ValidFor(start + (end - start) / 2, end)):
        yield "a window narrowed", item._replace(valid_for=window)


def _cut(item: LogKey | Authority) -> Iterator[tuple[str, LogKey | Authority]]:
    if isinstance(item, Authority) and len(item.chain_der) > 1:
        yield "a chain without its lower end", item._replace(chain_der=item.chain_der[1:])
        yield "a chain without its root", item._replace(chain_der=item.chain_der[:-1])


# ---- demands -------------------------------------------------------------------------------------------------------
def stricter_demands(situation: Situation) -> Iterator[tuple[str, Requirements]]:
    """One more of something, or something besides. (A predicate type of images is another demand, not one more.)"""
    demands = situation.requirements
    yield "one more log", demands._replace(min_logs=demands.min_logs + 1)
    more = demands.min_timestamp_authorities + 1
    yield "one more timestamp authority", demands._replace(min_timestamp_authorities=more)
    yield "a signed timestamp", demands._replace(use_signed_timestamps=True)
    yield "an annotation", demands._replace(annotations={**demands.annotations, "more": "1"})
    for waiver in demands.waivers:
        yield f"no waiver of {waiver.value}", demands._replace(waivers=demands.waivers - {waiver})
    for name, signer in _stricter_signers(demands.signer, situation.now):
        yield name, demands._replace(signer=signer)
    for name, revocations in _revocations(situation):
        yield f"revoked: {name}", demands._replace(revocations=(*demands.revocations, revocations))


def _stricter_signers(
    signer: SignerKey | SignerIdentity, now: datetime
) -> Iterator[tuple[str, SignerKey | SignerIdentity]]:
    if isinstance(signer, SignerKey):
        start, end = signer.valid_from, signer.valid_until
        for moment in (now - 200 * DAY, now - DAY, now):
            yield "a key's later start", signer._replace(valid_from=moment if start is None else max(start, moment))
            yield "a key's earlier end", signer._replace(valid_until=moment if end is None else min(end, moment))
        return
    for number in (1, 3, 8, 24):
        for rule in (TextRule(regexp="."), TextRule("something")):
            yield "a claim", signer._replace(claims={**signer.claims, number: rule})
    yield "a workflow", signer._replace(workflow=signer.workflow._replace(repository="some/other"))
    yield "a pattern", signer._replace(identity=TextRule(signer.identity.exact, "[^@]$"))


def _revocations(situation: Situation) -> Iterator[tuple[str, RevocationList]]:
    now = situation.now
    entries: dict[str, dict[str, Any]] = {
        "nothing": {},
        "another file": {"artifacts": ["sha256:" + "00" * 32]},
        "the file": {"artifacts": [f"{name}:{raw.hex()}" for name, raw in situation.artifact.digests.items()]},
        "everybody": {"identities": [{"identity_regexp": "."}]},
        "everybody, of late": {"identities": [{"identity_regexp": ".", "from": format_rfc3339(now - DAY)}]},
    }
    try:
        key = f"sha256:{sha256(claimed_signer(situation.evidence, situation.requirements).key.spki_der).hex()}"
        entries["the key"] = {"keys": [key]}
    except SigningError:  # then there is none
        pass
    for name, members in entries.items():
        for issued in (now - DAY, now - 3 * DAY):
            span = {"issued": format_rfc3339(issued), "expires": format_rfc3339(issued + 2 * DAY)}
            yield name, parse_revocation_list(json.dumps({"schema": 1, **span, **members}).encode())


# ---- evidence ------------------------------------------------------------------------------------------------------
def less_evidence(evidence: Evidence) -> Iterator[tuple[str, Evidence]]:
    """Without one entry, timestamp, promise, proof, or certificate above the signer's."""
    entries, stamps = evidence.entries, evidence.timestamps
    for place in range(len(stamps)):
        yield "timestamp", evidence._replace(timestamps=(*stamps[:place], *stamps[place + 1 :]))
    for place, entry in enumerate(entries):
        before, after = entries[:place], entries[place + 1 :]
        yield "entry", evidence._replace(entries=(*before, *after))
        if entry.promise is not None:
            yield "promise", evidence._replace(entries=(*before, entry._replace(promise=None), *after))
        if entry.proof is not None:
            yield "proof", evidence._replace(entries=(*before, entry._replace(proof=None), *after))
    if len(evidence.chain_der) > 1:
        yield "chain", evidence._replace(chain_der=evidence.chain_der[:1])
    if evidence.detached_sct is not None:
        yield "certificate log's promise", evidence._replace(detached_sct=None)


def without_some_pieces(evidence: Evidence) -> Iterator[Evidence]:
    """Whatever is left when whole entries and timestamps are kept back: what who presents it could have shown."""
    yield evidence
    for kind, less in less_evidence(evidence):
        if kind in ("timestamp", "entry"):
            yield from without_some_pieces(less)
