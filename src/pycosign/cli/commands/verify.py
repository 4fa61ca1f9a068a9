"""`pycosign verify`."""

from pycosign.cli.flag import switch, text
from pycosign.cli.groups import (
    ANNOTATIONS,
    POLICY_FILE,
    REGISTRY,
    UNSUPPORTED_REGISTRY,
    VERIFYING,
    VERIFYING_UNSUPPORTED,
)
from pycosign.cli.table import Command, at_least
from pycosign.errors import UsageError

TYPE_CHECKING = False  # the table alone must stay cheap: help and completion read it
if TYPE_CHECKING:
    from collections.abc import Mapping

    from pycosign.cli.context import Context
    from pycosign.cli.journal import Journal
    from pycosign.cli.parser import Values
    from pycosign.flows.presented import Presented
    from pycosign.flows.verify_image import ImageVerdict, JudgedImage, LogSearch, SignaturePlace
    from pycosign.oci.registry import Registry
    from pycosign.policy.decide import VerificationPolicy
    from pycosign.verify.artifact import Artifact
    from pycosign.verify.evidence import Evidence
    from pycosign.verify.requirements import Requirements
    from pycosign.verify.result import Verified
    from pycosign.verify.trust import TrustRoot

__all__ = ["run"]

COMMAND = Command(
    "Verify the signatures of container images: who signed, when, and that the log has it.",
    (
        *REGISTRY,
        *VERIFYING,
        ANNOTATIONS,
        POLICY_FILE,
        switch("allow-any-predicate", "let any attestation by the signer count, not only a signature", own=True),
        text(
            "attachment",
            "verify what is attached to the image instead",
            deprecated="please use OCI referrers for attachments and verify with `--experimental-oci11`",
        ),
        switch("check-claims", "check what the signature says about the image", default=True),
        switch("local-image", "the image is a directory that `save` wrote"),
        text("output", "form of what is printed", default="json", shorthand="o", choices=("json", "text")),
        text(
            "payload",
            "file with the signed payload",
            deprecated="payload will always be verified from the bundle in future versions",
        ),
        text(
            "signature",
            "the signature: a file, a URL, or base64",
            deprecated="signatures are automatically fetched from the OCI registry during image verification",
        ),
    ),
    check_arguments=at_least(1),
    examples="""  pycosign verify --certificate-identity WHO --certificate-oidc-issuer ISSUER IMAGE

  # with a key
  pycosign verify --key cosign.pub IMAGE

  # demand annotations
  pycosign verify --key cosign.pub -a key1=value1 IMAGE""",
    exclusive=(("ca-roots", "certificate-chain"), ("ca-intermediates", "certificate-chain")),
    unsupported=VERIFYING_UNSUPPORTED | UNSUPPORTED_REGISTRY | {"attachment"},
)


def run(args: "Values", context: "Context") -> None:
    """Verify each image in turn; the results of the good ones are printed before the first bad one ends it."""
    from pycosign.cli.images import read_annotations
    from pycosign.cli.journal import Journal
    from pycosign.cli.verifying import check_signer_flags, read_requirements, warn_of_waivers

    annotations = read_annotations(args, is_demand=True)
    if args.number("max-workers") <= 0:
        raise UsageError("please set the --max-worker flag to a value that is greater than 0")
    warn_of_waivers(args, context, "signature")
    journal = Journal()
    policy, trust = _policy(args, context, journal, annotations)
    if policy is None:
        check_signer_flags(args)
        requirements = read_requirements(args, context, annotations=annotations)
    else:
        from pycosign.policy.decide import requirements_of

        requirements = requirements_of(policy)[0]
    judge = _Judge(args, context, requirements, journal, policy, trust)
    if args.text("report"):
        from pycosign.cli.image_report import report_image

        for word in args.words:
            report_image(word, lambda word=word: judge(word), args.text("report"), judge.journal, context, policy)  # type: ignore[misc]
        return
    for word in args.words:
        judged = judge(word)
        shown = word if args.switch("local-image") else judged.reference.name
        _show(_concluded(judged, policy), shown, args, context, requirements, policy)


def _policy(
    args: "Values", context: "Context", journal: "Journal", annotations: "Mapping[str, str]"
) -> "tuple[VerificationPolicy | None, TrustRoot | None]":
    """The policy of `--policy-file`, and the trust root that its lists were verified under; None without one."""
    if not args.text("policy-file"):
        return None, None
    from pycosign.cli.policy import load_policy

    return load_policy(args, context, journal, annotations=annotations)


def _concluded(judged: "JudgedImage", policy: "VerificationPolicy | None") -> "ImageVerdict":
    if policy is None:
        from pycosign.flows.verify_image import conclude

        return conclude(judged)
    from pycosign.flows.verify_by_policy import conclude_image_by_policy

    return conclude_image_by_policy(judged, policy)


class _Judge:
    """Finds and judges the signatures of one image after the other, under one trust root and with one registry."""

    def __init__(
        self,
        args: "Values",
        context: "Context",
        requirements: "Requirements",
        journal: "Journal",
        policy: "VerificationPolicy | None" = None,
        trust: "TrustRoot | None" = None,
    ) -> None:
        self.journal, self._policy, self._trust = journal, policy, trust
        self._args, self._context, self._requirements = args, context, requirements
        self._presented = _presented(args, context)
        self._shared: tuple[TrustRoot | None, Registry | None, SignaturePlace] | None = None

    def __call__(self, word: str) -> "JudgedImage":
        from pycosign.ambient import utc_now
        from pycosign.flows.verify_image import judge_image

        self._shared = self._shared or self._open()
        trust, registry, place = self._shared
        text, where = (word, registry) if registry is not None else _saved(word)
        return judge_image(
            text,
            registry=where,
            trust=trust,
            requirements=self._requirements,
            now=utc_now(),
            place=place,
            search=None if self._policy else _search(self._args, self._context, self._requirements),
            presented=self._presented,
            judge=None if self._policy is None else self._by_policy,
        )

    def _by_policy(self, evidence: "Evidence", artifact: "Artifact") -> "Verified":
        from pycosign.ambient import utc_now
        from pycosign.policy.decide import judge

        assert self._policy is not None  # else nobody asks
        return judge(evidence, artifact, self._policy, self._trust, utc_now())

    def _open(self) -> "tuple[TrustRoot | None, Registry | None, SignaturePlace]":
        """What all images share; the registry is None for images in layout directories."""
        from pycosign.cli.images import open_registry, signature_repository
        from pycosign.cli.verifying import load_trust_for
        from pycosign.flows.verify_image import SignaturePlace

        args, context = self._args, self._context
        trust = self._trust if self._policy else load_trust_for(args, context, self._requirements, self.journal)
        is_local = args.switch("local-image")
        place = SignaturePlace(
            repository=None if is_local else signature_repository(context),
            tag_prefix="" if is_local else args.text("attachment-tag-prefix"),  # a saved image's have no tags
            bundles=args.switch("new-bundle-format") and self._presented is None,  # a bundle has its own of all this
        )
        return trust, None if is_local else open_registry(args, context), place


def _presented(args: "Values", context: "Context") -> "Presented | None":
    """The files of --signature, --payload, --certificate and what belongs to it; None without any."""
    for name, other in (("payload", "signature"), ("sct", "certificate")):
        if args.text(name) and not args.text(other):
            raise UsageError(f"--{name} is only looked at together with --{other}")
    if not args.text("signature") and not args.text("certificate"):
        return None
    from pycosign.cli.legacy_blob import loose_file, loose_signature
    from pycosign.flows.presented import Presented

    if args.text("signature") and not args.text("payload"):
        context.warn("using obsolete implied signature payload data; specify it explicitly with --payload instead")
    return Presented(
        signature=loose_signature(args, context),
        payload=loose_file("payload", args, context),
        certificate=loose_file("certificate", args, context),
        chain=loose_file("certificate-chain", args, context) if args.text("certificate") else None,
        sct=loose_file("sct", args, context),
    )


def _saved(path: str) -> "tuple[str, Registry]":
    """An image in a layout directory: a reference to it, and the directory as a registry.

    Raises: ImageNotFoundError, DigestMismatchError: the directory does not hold what it says; UsageError.
    """
    from pycosign.oci.layout import LayoutRegistry

    layout = LayoutRegistry(path)
    digest = layout.saved_image().digest
    layout.get_manifest("localhost/saved", digest)
    return f"localhost/saved@{digest}", layout


def _search(args: "Values", context: "Context", requirements: "Requirements") -> "LogSearch | None":
    """How a legacy signature without a log entry is completed; not at all with --offline."""
    if args.switch("offline"):
        return None

    def search(evidence: "Evidence") -> "Evidence":
        from pycosign.cli.instance_choice import log_to_search
        from pycosign.flows.log_search import search_log

        log_url = log_to_search(args, context)
        if log_url is None:
            return evidence
        return search_log(evidence, http=context.http(), rekor_url=log_url, requirements=requirements)

    return search


def _show(
    verdict: "ImageVerdict",
    name: str,
    args: "Values",
    context: "Context",
    requirements: "Requirements",
    policy: "VerificationPolicy | None",
) -> None:
    from pycosign.cli.render_verify import certificate_lines, header, json_array, payload_text

    for warning in verdict.warnings:
        context.warn(warning)
    for line in header(verdict, name, requirements, policy):
        context.say(line)
    if args.text("output") != "text":
        context.put_bytes(b"\n" + json_array(verdict, name) + b"\n")
        return
    for accepted in verdict.accepted:
        for line in certificate_lines(accepted):
            context.say(line)
        context.put_bytes(payload_text(accepted, name) + b"\n")
