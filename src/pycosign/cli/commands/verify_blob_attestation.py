"""`pycosign verify-blob-attestation`."""

from pycosign.cli.flag import switch, text
from pycosign.cli.groups import BATCH, NOW_IN_BUNDLE, POLICY_FILE, VERIFYING, VERIFYING_UNSUPPORTED, only_reads
from pycosign.cli.table import Command, at_most
from pycosign.errors import UsageError

TYPE_CHECKING = False  # the table alone must stay cheap: help and completion read it
if TYPE_CHECKING:
    from pycosign.cli.context import Context
    from pycosign.cli.journal import Journal
    from pycosign.cli.parser import Values
    from pycosign.flows.blob_source import BlobSource
    from pycosign.verify.evidence import Evidence
    from pycosign.verify.requirements import Requirements
    from pycosign.verify.result import Verified

COMMAND = Command(
    "Verify an attestation about a file: who made it, when, that the log has it, and that it is of the given type.",
    (
        *VERIFYING,
        text("output", "form of what is printed", default="text", choices=("json", "text"), own=True),
        BATCH,
        POLICY_FILE,
        text("bundle", "file with the attestation, or with several, and all that is needed to verify it"),
        switch("check-claims", "compare the statement with the file", default=True),
        text("digest", "the file's digest in hexadecimal, in place of the file; needs --digestAlg"),
        text("digestAlg", "algorithm of --digest", choices=("sha256", "sha384", "sha512")),
        text(
            "rfc3161-timestamp",
            "file with the signed timestamp",
            deprecated=NOW_IN_BUNDLE.format("signed timestamp"),
        ),
        text("signature", "file with the envelope", deprecated="please use --bundle to provide a signature"),
        text(
            "type",
            "the predicate type that the statement must have: a name or a URI",
            default="custom",
            choices=(
                "custom",
                "cyclonedx",
                "link",
                "openvex",
                "slsaprovenance",
                "slsaprovenance02",
                "slsaprovenance1",
                "spdx",
                "spdxjson",
                "vuln",
            ),
        ),
    ),
    check_arguments=at_most(1),
    examples="""  pycosign verify-blob-attestation --bundle FILE.sigstore.json --type slsaprovenance1 \\
      --certificate-identity WHO --certificate-oidc-issuer ISSUER FILE

  # with a key
  pycosign verify-blob-attestation --bundle FILE.sigstore.json --key cosign.pub --type spdxjson FILE

  # by the file's digest
  pycosign verify-blob-attestation --bundle FILE.sigstore.json --key cosign.pub --type https://example.com/review/v1 \\
      --digest HEX --digestAlg sha256""",
    exclusive=(("ca-roots", "certificate-chain"), ("ca-intermediates", "certificate-chain")),
    unsupported=VERIFYING_UNSUPPORTED,
    begins_nothing=only_reads,
)


def run(args: "Values", context: "Context") -> int:
    """Verify one attestation and say so, or each of a batch; with `--output json` or `--report` in data too."""
    if args.text("batch"):
        from pycosign.attest.predicate_types import predicate_type_uri
        from pycosign.cli.batch import run_batch

        return run_batch(args, context, predicate_type=predicate_type_uri(args.text("type")))
    if args.text("policy-file"):
        from pycosign.cli.policy import run_file_by_policy

        _check_subject(args)
        return run_file_by_policy(args, context, _subject(args), lambda: _source(args, context), is_attestation=True)
    from pycosign.cli.verifying import print_outcome

    print_outcome(_subject(args), lambda journal: _verify(args, context, journal), args, context)
    return 0


def _subject(args: "Values") -> str:
    """What the report calls the file."""
    if args.words:
        return args.words[0]
    return f"{args.text('digestAlg')}:{args.text('digest')}" if args.text("digest") else ""


def _check_subject(args: "Values") -> None:
    if not args.words and not (args.text("digest") and args.text("digestAlg")):
        raise UsageError(
            "must provide path to blob or digest and digestAlg; run `pycosign verify-blob-attestation -h` for more help"
        )


def _verify(args: "Values", context: "Context", journal: "Journal") -> "Verified":
    from pycosign.ambient import utc_now
    from pycosign.attest.predicate_types import predicate_type_uri
    from pycosign.cli.verifying import (
        check_bundle_flags,
        check_digest_algorithm,
        check_signer_flags,
        load_trust_for,
        read_requirements,
        warn_of_waivers,
    )
    from pycosign.flows.verify_blob import is_legacy_bundle, read_bundle_evidence, read_bundle_file
    from pycosign.flows.verify_blob_attestation import verify_blob_attestation
    from pycosign.wire.bundle import may_hold_several

    check_digest_algorithm(args)
    compares = args.switch("check-claims")
    if compares:
        _check_subject(args)
    warn_of_waivers(args, context, "blob attestation")
    if not args.text("signature") and not args.text("bundle"):
        raise UsageError("please specify path to the DSSE envelope signature via --signature or --bundle")
    if not any(args.text(name) for name in ("key", "certificate", "bundle")):
        raise UsageError(
            "provide a key with --key or --sk, a certificate to verify against with --certificate, "
            "or a bundle with --bundle"
        )
    check_signer_flags(args)
    requirements = read_requirements(args, context)
    source = _source(args, context) if compares else None
    predicate_type = predicate_type_uri(args.text("type"))
    bundle = read_bundle_file(args.text("bundle")) if args.text("bundle") else None
    if bundle is not None and not is_legacy_bundle(bundle):
        check_bundle_flags(args)
        if may_hold_several(bundle):
            return _verify_any(bundle, source, requirements, predicate_type, args, context, journal)
        evidence = read_bundle_evidence(bundle)
    else:
        evidence = _legacy_evidence(args, context, requirements, bundle)
    return verify_blob_attestation(
        source,
        evidence=evidence,
        predicate_type=predicate_type,
        trust=load_trust_for(args, context, requirements, journal),
        requirements=requirements,
        now=utc_now(),
    )


def _verify_any(
    bundle: bytes,
    source: "BlobSource | None",
    requirements: "Requirements",
    predicate_type: str,
    args: "Values",
    context: "Context",
    journal: "Journal",
) -> "Verified":
    """Lines of bundles, or a registry's list of attestations: one that holds is enough."""
    from pycosign.ambient import utc_now
    from pycosign.cli.reporting import conclude_reported
    from pycosign.cli.verifying import load_trust_for
    from pycosign.flows.candidates import judge_candidates, read_candidates

    judged = judge_candidates(
        source,
        read_candidates(bundle),
        trust=load_trust_for(args, context, requirements, journal),
        requirements=requirements,
        now=utc_now(),
        predicate_type=predicate_type,
    )
    return conclude_reported(judged, args, journal)


def _source(args: "Values", context: "Context") -> "BlobSource":
    """The file, or the digest in its place. Which algorithms the file is hashed with, the statement says."""
    from pycosign.flows.blob_source import blob_from_digest, blob_from_path_or_digest

    algorithm, digest = args.text("digestAlg"), args.text("digest")
    if algorithm and algorithm not in args.flags["digestAlg"].choices:
        raise UsageError(f'unsupported --digestAlg "{algorithm}"; supported values are sha256, sha384, sha512')
    if not args.words:
        return blob_from_digest(f"{algorithm}:{digest.lower()}")
    if digest:
        context.warn("Ignoring provided --digest in favor of provided blob")
    return blob_from_path_or_digest(args.words[0])


def _legacy_evidence(
    args: "Values", context: "Context", requirements: "Requirements", bundle: bytes | None
) -> "Evidence":
    """An envelope of the old formats, completed by the log's entry if it has none with it."""
    from pycosign.cli.legacy_blob import legacy_pieces
    from pycosign.verify.evidence import with_envelope_as_content
    from pycosign.verify.requirements import Waiver

    evidence = with_envelope_as_content(legacy_pieces(args, context, bundle))
    if evidence.entries or Waiver.TLOG in requirements.waivers or args.switch("offline"):
        return evidence
    from pycosign.cli.instance_choice import log_to_search
    from pycosign.flows.log_search import search_log

    log_url = log_to_search(args, context)
    if log_url is None:
        return evidence
    return search_log(evidence, http=context.http(), rekor_url=log_url, requirements=requirements)
