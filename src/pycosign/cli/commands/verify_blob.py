"""`pycosign verify-blob`."""

import os

from pycosign.cli.flag import text
from pycosign.cli.groups import BATCH, NOW_IN_BUNDLE, POLICY_FILE, VERIFYING, VERIFYING_UNSUPPORTED, only_reads
from pycosign.cli.table import Command
from pycosign.errors import UsageError

TYPE_CHECKING = False  # the table alone must stay cheap: help and completion read it
if TYPE_CHECKING:
    from pycosign.cli.context import Context
    from pycosign.cli.journal import Journal
    from pycosign.cli.parser import Values
    from pycosign.flows.blob_source import BlobSource
    from pycosign.flows.hash_ahead import HashAhead
    from pycosign.verify.result import Verified

__all__ = ["run"]

_LARGE_BYTES = 32 << 20  # hashing so much takes as long as the imports; a thread and `hashlib` cost a quarter of that


def _one_or_a_batch(words: list[str], _path: str) -> str | None:
    """As Cosign words it; that a file is missing is known only when the environment was asked for a batch."""
    return f"accepts 1 arg(s), received {len(words)}" if len(words) > 1 else None


COMMAND = Command(
    "Verify the signature of a file: who signed, when, and that the log has it.",
    (
        *VERIFYING,
        text("output", "form of what is printed", default="text", choices=("json", "text"), own=True),
        BATCH,
        POLICY_FILE,
        text("bundle", "file with the signature, or with several, and all that is needed to verify it"),
        text(
            "rfc3161-timestamp",
            "file with the signed timestamp",
            deprecated=NOW_IN_BUNDLE.format("signed timestamp"),
        ),
        text(
            "signature",
            "the signature: a file, a URL, or base64",
            deprecated="please use --bundle to provide a signature",
        ),
    ),
    check_arguments=_one_or_a_batch,
    examples="""  pycosign verify-blob --bundle FILE.sigstore.json \\
      --certificate-identity WHO --certificate-oidc-issuer ISSUER FILE

  # with a key
  pycosign verify-blob --bundle FILE.sigstore.json --key cosign.pub FILE

  # with a trust root from a file
  pycosign verify-blob --bundle FILE.sigstore.json --trusted-root trusted_root.json \\
      --certificate-identity WHO --certificate-oidc-issuer ISSUER FILE

  # by a policy file: several signers, thresholds, revocation lists
  pycosign verify-blob --bundle FILE.sigstore.json --policy-file policy.yaml FILE

  # many files and their bundles, one answer in JSON for each, as soon as it is known
  pycosign verify-blob --batch pairs.jsonl --output json --key cosign.pub""",
    exclusive=(("ca-roots", "certificate-chain"), ("ca-intermediates", "certificate-chain")),
    unsupported=VERIFYING_UNSUPPORTED,
    begins_nothing=only_reads,
)


def run(args: "Values", context: "Context") -> int:
    """Verify one file and say so, or each of a batch; with `--output json` or `--report` in data too."""
    if args.text("batch"):
        from pycosign.cli.batch import run_batch

        return run_batch(args, context)
    if not args.words:
        raise UsageError("accepts 1 arg(s), received 0")
    if args.text("policy-file"):
        from pycosign.cli.policy import run_file_by_policy

        return run_file_by_policy(args, context, args.words[0], lambda: _source(args, context), is_attestation=False)
    ahead = _hash_ahead(args.words[0]) if context.owns_process else None
    from pycosign.cli.verifying import print_outcome

    print_outcome(args.words[0], lambda journal: _verify(args, context, journal, ahead), args, context)
    return 0


def _hash_ahead(word: str) -> "HashAhead | None":
    """Begin to hash a large local file: what verifies is imported meanwhile."""
    try:
        found = os.stat(word)
    except (OSError, ValueError):
        return None  # it is something else, or missing: said later
    if found.st_size < _LARGE_BYTES or not os.path.isfile(word):
        return None
    from pycosign.flows.hash_ahead import HashAhead

    return HashAhead(word)


def _verify(args: "Values", context: "Context", journal: "Journal", ahead: "HashAhead | None" = None) -> "Verified":
    """The bundle says by its form whether it is a Sigstore bundle or Cosign's own old JSON."""
    from pycosign.cli.verifying import (
        check_bundle_flags,
        check_signer_flags,
        load_trust_for,
        read_requirements,
        warn_of_waivers,
    )

    warn_of_waivers(args, context, "blob")
    if not any(args.text(name) for name in ("key", "certificate", "bundle")):
        raise UsageError(
            "provide a key with --key or --sk, a certificate to verify against with --certificate, "
            "or a bundle with --bundle"
        )
    check_signer_flags(args)
    from pycosign.ambient import utc_now
    from pycosign.flows.verify_blob import is_legacy_bundle, read_bundle_evidence, read_bundle_file, verify_blob
    from pycosign.wire.bundle import may_hold_several

    bundle = read_bundle_file(args.text("bundle")) if args.text("bundle") else None
    if bundle is None or is_legacy_bundle(bundle):
        from pycosign.cli.legacy_blob import legacy_pieces

        evidence, is_legacy = legacy_pieces(args, context, bundle), True
    else:
        check_bundle_flags(args)
        if may_hold_several(bundle):
            return _verify_any(bundle, args, context, journal)
        evidence, is_legacy = read_bundle_evidence(bundle), False
    requirements = read_requirements(args, context)
    trust = load_trust_for(args, context, requirements, journal)
    source = _source(args, context, ahead)
    if is_legacy and not evidence.entries:
        from pycosign.cli.legacy_blob import completed_by_log

        source, evidence = completed_by_log(args, context, source, evidence, requirements)
    return verify_blob(source, evidence=evidence, trust=trust, requirements=requirements, now=utc_now())


def _verify_any(bundle: bytes, args: "Values", context: "Context", journal: "Journal") -> "Verified":
    """Lines of bundles, or a registry's list of attestations: one that holds is enough."""
    from pycosign.ambient import utc_now
    from pycosign.cli.reporting import conclude_reported
    from pycosign.cli.verifying import load_trust_for, read_requirements
    from pycosign.flows.candidates import judge_candidates, read_candidates

    candidates = read_candidates(bundle)
    requirements = read_requirements(args, context)
    trust = load_trust_for(args, context, requirements, journal)
    source = _source(args, context)
    judged = judge_candidates(source, candidates, trust=trust, requirements=requirements, now=utc_now())
    return conclude_reported(judged, args, journal)


def _source(args: "Values", context: "Context", ahead: "HashAhead | None" = None) -> "BlobSource":
    """The file that the argument means."""
    from pycosign.flows.blob_source import blob_from_argument, blob_from_path

    word = args.words[0]
    if word != "-" and os.path.isfile(word):
        return blob_from_path(word, ahead=ahead)
    from pycosign.cli.legacy_blob import open_url

    stdin = context.stdin_bytes() if word == "-" else None
    return blob_from_argument(
        word, stdin=stdin, environ=context.environ, open_url=lambda url: open_url(url, args, context)
    )
