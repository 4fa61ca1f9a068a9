"""A policy file and what it names, opened: keys, revocation lists and their bundles. No socket is opened here.

Whatever of it cannot be trusted ends the command: a policy whose revocation list is missing, or not signed by who the
policy says, is not a policy without revocations.
"""

import os
from collections.abc import Mapping
from datetime import datetime

from pycosign import limits
from pycosign.errors import MalformedError, RefusedError, SigningError, UnavailableError, UsageError
from pycosign.policy.decide import VerificationPolicy, check_policy, decide, requirements_of
from pycosign.policy.document import KeyRule, PolicyDocument, RevocationSource, SignerRules, parse_policy
from pycosign.record import Record
from pycosign.verify.artifact import artifact_from_bytes
from pycosign.verify.evidence import Evidence
from pycosign.verify.requirements import Requirements, SignerIdentity, SignerKey, Waiver
from pycosign.verify.revocation_list import RevocationList, parse_revocation_list
from pycosign.verify.trust import TrustRoot
from pycosign.wire.bundle import MessageSignature

__all__ = ["OpenedPolicy", "complete_policy", "demand_of_trust", "open_policy"]

UNTRUSTED_LIST = "revocation.untrusted"


class OpenedList(Record):
    """A revocation list that nobody believes yet: its bytes, its signatures, and who must have made them."""

    name: str
    data: bytes
    signatures: tuple[Evidence | SigningError, ...]
    policy: VerificationPolicy


class OpenedPolicy(Record):
    """Everything that a policy file names. `policy` lacks its revocation lists: `complete_policy` adds them."""

    policy: VerificationPolicy
    lists: tuple[OpenedList, ...] = ()


def open_policy(path: str, *, environ: Mapping[str, str] | None = None) -> OpenedPolicy:
    """Read a policy file, its keys and its lists; relative paths are relative to the policy file's directory.

    Raises: UsageError: a file that does not exist, a policy that is malformed (code "policy.malformed", naming the
            dotted field) or cannot be met, or a key or list that cannot be used; UnavailableError: one cannot be read.
    """
    directory = os.path.dirname(path)
    data = _read(path, limits.POLICY_BYTES)
    try:
        document = parse_policy(data)
        policy = _policy(document.rules, "policy", directory, environ)
        lists = tuple(_open_list(item, i, directory, environ) for i, item in enumerate(document.revocations))
    except MalformedError as exc:
        raise UsageError(f"{path}: {exc}", code="policy.malformed") from exc
    except UsageError as exc:
        raise UsageError(f"{path}: {exc}", code=exc.code, hint=exc.hint) from exc
    return OpenedPolicy(_with_demands(policy, document), lists)


def demand_of_trust(opened: OpenedPolicy) -> Requirements:
    """The one demand that needs most of a trust root, among all that the policy and its lists make."""
    policies = [opened.policy, *(item.policy for item in opened.lists)]
    demands = [demand for policy in policies for demand in requirements_of(policy)]
    hardest = next((demand for demand in demands if isinstance(demand.signer, SignerIdentity)), demands[0])
    waivers = frozenset.intersection(*(demand.waivers for demand in demands))
    return hardest._replace(waivers=waivers, use_signed_timestamps=any(_needs_timestamps(item) for item in demands))


def complete_policy(opened: OpenedPolicy, *, trust: TrustRoot | None, now: datetime) -> VerificationPolicy:
    """The policy with its revocation lists, each verified by the pipeline that verifies everything.

    Raises: UsageError (code "revocation.untrusted"): a list is not signed by who the policy says, or is malformed.
            UnavailableError: whether it is cannot be known.
    """
    if not opened.lists:
        return opened.policy
    return opened.policy._replace(revocations=tuple(_verified_list(item, trust, now) for item in opened.lists))


def _needs_timestamps(demand: Requirements) -> bool:
    """Whether only a timestamp authority can give what is demanded."""
    has_window = isinstance(demand.signer, SignerKey) and demand.signer.has_window
    return demand.min_timestamp_authorities > 0 or (has_window and Waiver.TLOG in demand.waivers)


def _policy(rules: SignerRules, what: str, directory: str, environ: Mapping[str, str] | None) -> VerificationPolicy:
    signers = tuple(
        _open_key(rule, f"{what}.signers[{i}].key", directory, environ) if isinstance(rule, KeyRule) else rule.signer
        for i, rule in enumerate(rules.signers)
    )
    names = tuple(rule.name for rule in rules.signers)
    policy = VerificationPolicy(signers, rules.threshold, names, rules.waivers)
    try:
        check_policy(policy)
    except UsageError as exc:
        raise UsageError(f"{what}: {exc}", code="policy.malformed") from exc
    return policy


def _with_demands(policy: VerificationPolicy, document: PolicyDocument) -> VerificationPolicy:
    return policy._replace(
        min_logs=document.logs,
        min_timestamp_authorities=document.timestamp_authorities,
        predicate_type=document.predicate_type,
        annotations=document.annotations,
    )


def _open_key(rule: KeyRule, what: str, directory: str, environ: Mapping[str, str] | None) -> SignerKey:
    """PEM in the policy itself, a file, or `env://NAME`. Never the network: a policy must mean the same offline."""
    from pycosign.crypto.keys import load_public_key
    from pycosign.keys.open import open_public_key

    try:
        if "-----BEGIN" in rule.reference:
            key = load_public_key(rule.reference.encode(), what)
        else:
            is_path = "://" not in rule.reference and not rule.reference.startswith("pkcs11:")
            reference = os.path.join(directory, rule.reference) if is_path else rule.reference
            key = open_public_key(reference, environ=environ)
    except MalformedError as exc:
        raise exc if exc.what == what else MalformedError(what, f"cannot be used: {exc}") from exc
    except UsageError as exc:
        raise UsageError(f"{what}: {exc}", code=exc.code, hint=exc.hint) from exc
    except (FileNotFoundError, IsADirectoryError) as exc:
        raise UsageError(f"{what}: {exc.filename}: {_nothing_there(exc)}", code="usage.file") from exc
    except OSError as exc:
        message = f"{what}: cannot read {exc.filename}: {exc.strerror or exc}"
        raise UnavailableError(message, code="key.unavailable") from exc
    return SignerKey(key, None, rule.valid_from, rule.valid_until)


def _open_list(
    source: RevocationSource, position: int, directory: str, environ: Mapping[str, str] | None
) -> OpenedList:
    what = f"policy.revocations[{position}]"
    data = _read(os.path.join(directory, source.file), limits.REVOCATION_LIST_BYTES, f"{what}.file: ")
    bundle = _read(os.path.join(directory, source.bundle), limits.BUNDLE_BYTES, f"{what}.bundle: ")
    name = f"revocation list {source.file}"
    policy = _policy(source.rules, what, directory, environ)
    return OpenedList(name, data, _signatures(bundle, name), policy)


def _signatures(bundle: bytes, name: str) -> tuple[Evidence | SigningError, ...]:
    from pycosign.flows.candidates import read_candidates

    try:
        candidates = read_candidates(bundle)
    except MalformedError as exc:
        raise UsageError(f"the bundle of the {name} cannot be used: {exc}", code=UNTRUSTED_LIST) from exc
    return tuple(_signature(item.evidence) for item in candidates)


def _verified_list(item: OpenedList, trust: TrustRoot | None, now: datetime) -> RevocationList:
    artifact = artifact_from_bytes(item.data, name=item.name)
    answer = decide(item.signatures, artifact, item.policy, trust, now)
    if answer.error is not None:
        if not isinstance(answer.error, RefusedError | MalformedError):
            raise answer.error
        message = f"the {item.name} is not signed by whom the policy names: {answer.error} [{answer.error.code}]"
        raise UsageError(message, code=UNTRUSTED_LIST) from answer.error
    try:
        return parse_revocation_list(item.data, name=item.name)
    except MalformedError as exc:
        raise UsageError(f"the {item.name} cannot be used: {exc}", code=UNTRUSTED_LIST) from exc


def _signature(item: Evidence | SigningError) -> Evidence | SigningError:
    """A statement about the list, a scan of it say, is no signature of it."""
    if isinstance(item, SigningError) or isinstance(item.content, MessageSignature):
        return item
    return MalformedError("bundle", "holds an attestation, not a signature of the list")


def _read(path: str, most: int, what: str = "") -> bytes:
    try:
        with open(path, "rb") as file:
            data = file.read(most + 1)
    except (FileNotFoundError, IsADirectoryError) as exc:
        raise UsageError(f"{what}{path}: {_nothing_there(exc)}", code="usage.file") from exc
    except ValueError as exc:  # a zero byte, or what the file system's encoding has no bytes for
        raise UsageError(f"{what}no file can have the name {path[:200]!a}", code="usage.file") from exc
    except OSError as exc:
        raise UnavailableError(f"{what}cannot read {path}: {exc.strerror or exc}", code="unavailable.file") from exc
    if len(data) > most:
        raise UsageError(f"{what}{path}: is larger than {most} bytes", code="usage.file")
    return data


def _nothing_there(exc: OSError) -> str:
    return "is a directory" if isinstance(exc, IsADirectoryError) else "no such file"
