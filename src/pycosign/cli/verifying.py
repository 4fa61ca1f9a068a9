"""What `verify` and `verify-blob` share: from flags to what is demanded, and under which trust."""

from pycosign.ambient import utc_now
from pycosign.cli.journal import Journal
from pycosign.errors import UsageError
from pycosign.verify.requirements import GithubWorkflow, Requirements, SignerIdentity, SignerKey, TextRule, Waiver

TYPE_CHECKING = False  # on the shortest path to an answer
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import timedelta

    from pycosign.cli.context import Context
    from pycosign.cli.parser import Values
    from pycosign.instances.trust import Document, TrustSource
    from pycosign.verify.result import Verified
    from pycosign.verify.trust import TrustRoot

__all__ = [
    "check_bundle_flags",
    "check_digest_algorithm",
    "check_signer_flags",
    "load_trust_for",
    "print_outcome",
    "read_requirements",
    "wants_timestamps",
    "warn_of_waivers",
]

_KEY_OR_IDENTITY = (
    "exactly one of: key reference (--key) or certificate identity (--certificate-identity or "
    "--certificate-identity-regexp), must be provided. To determine which to use, inspect the bundle's "
    "'verificationMaterial' field: if 'publicKey' is present, use key reference; if 'certificate' or "
    "'x509CertificateChain' is present, use certificate identity"
)
_IN_BUNDLE = (
    ("certificate", "certificate must be in bundle and may not be provided using --certificate"),
    ("certificate-chain", "certificate chain must be in bundle and may not be provided using --certificate-chain"),
    ("ca-roots", "CA roots/intermediates must be provided using --trusted-root"),
    ("ca-intermediates", "CA roots/intermediates must be provided using --trusted-root"),
    ("timestamp-certificate-chain", "TSA certificate chain path may only be provided using --trusted-root"),
    ("rfc3161-timestamp", "RFC3161 timestamp may not be provided using --rfc3161-timestamp"),
    ("signature", "signature may not be provided using --signature"),
    ("sct", "SCT may not be provided using --sct"),
)
_TRUST_OF_FILES = ("ca-roots", "ca-intermediates", "certificate-chain", "timestamp-certificate-chain")  # as LegacyFiles
_DEMANDS = (
    "certificate-oidc-issuer",
    "certificate-oidc-issuer-regexp",
    *(f"certificate-github-workflow-{name}" for name in ("trigger", "sha", "name", "repository", "ref")),
    *_TRUST_OF_FILES,
)
_ONE_BY_ONE = "the files and keys that were given one by one"
_NOBODY = SignerIdentity(TextRule(""), TextRule(""))
_NEEDED = " or {0}-regexp is required for verification in keyless mode"


def warn_of_waivers(args: "Values", context: "Context", what: str) -> None:
    """Say loudly that the log is not asked; `what` is "signature" or "blob"."""
    if args.switch("insecure-ignore-tlog") and not args.switch("private-infrastructure"):
        context.warn(
            "Skipping tlog verification is an insecure practice that lacks transparency and auditability verification "
            f"for the {what}."
        )


def check_signer_flags(args: "Values") -> None:
    """Refuse a demand that is none, or more than one, in Cosign's words."""
    demanded = [name for name in ("key", "certificate-identity", "certificate-identity-regexp") if args.text(name)]
    if len(demanded) > 1:
        raise UsageError(_KEY_OR_IDENTITY)
    if args.text("key") and "certificate" in args.flags and args.text("certificate"):
        raise UsageError(
            "exactly one of: key reference (--key), certificate (--cert) or hardware token (--sk) must be provided"
        )
    if args.text("key"):
        return
    for name in ("certificate-identity", "certificate-oidc-issuer"):
        if not args.text(name) and not args.text(f"{name}-regexp"):
            raise UsageError(f"--{name}" + _NEEDED.format(f"--{name}"))


def check_digest_algorithm(args: "Values") -> str:
    """The value of --signature-digest-algorithm, which Cosign looks at before anything else."""
    hash_name = args.text("signature-digest-algorithm").lower() or "sha256"
    if hash_name not in ("sha224", "sha256", "sha384", "sha512"):
        raise UsageError(f"unknown digest algorithm: {hash_name}")
    return hash_name


def check_bundle_flags(args: "Values") -> None:
    """Refuse the flags of 2.x that say again what a Sigstore bundle, or a trust root, says itself."""
    for name, complaint in _IN_BUNDLE:
        if name in args.flags and args.text(name):
            raise UsageError(f"unsupported: {complaint} when using --new-bundle-format")


def print_outcome(artifact: str, decide: "Callable[[Journal], Verified]", args: "Values", context: "Context") -> None:
    """Say that `decide` succeeded; with `--output json` or `--report` say so in data too, also of a refusal."""
    if args.text("output") == "json" or args.text("report"):
        from pycosign.cli.reporting import print_answer

        print_answer(artifact, decide, args, context)
    else:
        decide(Journal())
    context.say("Verified OK")


def read_requirements(
    args: "Values",
    context: "Context",
    *,
    annotations: "Mapping[str, str] | None" = None,
    is_signer_open: bool = False,
) -> Requirements:
    """Everything that the flags demand of a signature; opens the key.

    is_signer_open: nobody is demanded yet (`explain`): the signer is then one that no certificate names.

    The hash of a key's signature is the key's own unless --signature-digest-algorithm is given (Cosign 3.1.2 takes
    SHA-256 for every key then, and so refuses what it signed itself with larger curves).
    """
    hash_name = check_digest_algorithm(args)
    _warn_of_idle_flags(args, context)
    waivers = set()
    if args.switch("insecure-ignore-tlog") or args.switch("private-infrastructure"):
        waivers.add(Waiver.TLOG)
    if args.switch("insecure-ignore-sct"):
        waivers.add(Waiver.SCT)
    if "check-claims" in args.flags and not args.switch("check-claims"):
        waivers.add(Waiver.CLAIMS)
    return Requirements(
        _NOBODY
        if is_signer_open
        else _signer(args, context, hash_name if args.given("signature-digest-algorithm") else None),
        waivers=frozenset(waivers),
        use_signed_timestamps=wants_timestamps(args),
        allow_any_predicate="allow-any-predicate" in args.flags and args.switch("allow-any-predicate"),
        annotations=annotations or {},
    )


def _warn_of_idle_flags(args: "Values", context: "Context") -> None:
    """Say which flags demand nothing (nor do they in Cosign, silently): whoever gave them believes that they do."""
    for name in _DEMANDS:
        if name not in args.flags or not args.given(name):
            continue
        if not args.text(name):
            context.warn(f"--{name} is given empty and demands nothing: is the variable that should hold it unset?")
        elif args.text("key") and name.startswith("certificate-") and name != "certificate-chain":
            context.warn(f"--{name} demands nothing of a signature by --key: a key has no certificate's claims")
    if "annotations" in args.flags and args.items("annotations") and not args.switch("check-claims"):
        context.warn("--annotations demands nothing with --check-claims=false")


def _signer(args: "Values", context: "Context", hash_name: str | None) -> SignerKey | SignerIdentity:
    if args.text("key"):
        from pycosign.keys.open import open_public_key

        http = None if args.switch("offline") else context.http
        return SignerKey(open_public_key(args.text("key"), http=http, environ=context.environ), hash_name)
    return SignerIdentity(
        _rule(args, "certificate-identity"),
        _rule(args, "certificate-oidc-issuer"),
        GithubWorkflow(
            *(
                args.text(f"certificate-github-workflow-{name}") or None
                for name in ("trigger", "sha", "name", "repository", "ref")
            )
        ),
    )


def _rule(args: "Values", name: str) -> TextRule:
    return TextRule(args.text(name) or None, args.text(f"{name}-regexp") or None)


def wants_timestamps(args: "Values") -> bool:
    """Whether a signed timestamp is demanded: asked for, or one or an authority for it is given."""
    is_given = "rfc3161-timestamp" in args.flags and bool(args.text("rfc3161-timestamp"))
    return is_given or args.switch("use-signed-timestamps") or bool(args.text("timestamp-certificate-chain"))


def load_trust_for(
    args: "Values", context: "Context", requirements: Requirements, journal: Journal
) -> "TrustRoot | None":
    """The trust root of `--trusted-root`; of loose files and SIGSTORE_* variables; of the instance; else of TUF.

    None: none is needed. A key with the log waived and no timestamp demanded needs no trust: nothing is read then, and
    nobody is asked.
    Raises: as `load_trust`; UsageError: two flags say whom to trust.
    """
    from pycosign.instances.trust import TrustSource, load_trust, refuse_age_limit

    path = args.text("trusted-root")
    if not path and args.given("trusted-root"):
        raise UsageError(
            "--trusted-root is given without a file", hint="is the variable that should hold its name unset?"
        )
    if path:
        _refuse_other_trust(args)
    instance = None
    if not path and not args.text("instance"):
        is_bare = isinstance(requirements.signer, SignerKey) and Waiver.TLOG in requirements.waivers
        knows_authority = requirements.use_signed_timestamps or context.environ.get("SIGSTORE_TSA_CERTIFICATE_FILE")
        if is_bare and not knows_authority:
            return None
    if args.text("instance") or not path:
        from pycosign.cli.instance_choice import instance_for_trust

        instance = instance_for_trust(args, context)
    source = TrustSource(
        context.environ,
        utc_now(),
        http=None if args.switch("offline") else context.http,
        max_age=_max_age(args),
        instance=instance,
    )
    if not path:
        given = _loose_trust(args, context, source, requirements)
        if given is not None:
            refuse_age_limit(source, "what was given one by one")
            _enter(given[1], None, journal, context)
            return given[0]
    loaded = load_trust(source, path=path or None)
    _enter(loaded.document, None if path or instance is None else instance.name, journal, context)
    return loaded.trust


def _refuse_other_trust(args: "Values") -> None:
    """A chain beside a key is one of a legacy signature's certificate, which says nothing about trust."""
    for name in _TRUST_OF_FILES:
        if name in args.flags and args.text(name) and not (name == "certificate-chain" and args.text("key")):
            raise UsageError(
                f"--trusted-root and --{name} both say whom to trust",
                hint="`pycosign trusted-root create` makes a trust root of your own certificates and keys",
            )


def _enter(document: "Document", instance: str | None, journal: Journal, context: "Context") -> None:
    journal.enter_trust(document, instance=instance)
    for warning in document.warnings:
        context.warn(warning)


def _max_age(args: "Values") -> "timedelta | None":
    seconds = args.seconds("max-trust-age")
    if not seconds:
        return None
    if seconds < 0:
        raise UsageError("--max-trust-age cannot be negative")
    from datetime import timedelta

    return timedelta(seconds=seconds)


def _loose_trust(
    args: "Values", context: "Context", source: "TrustSource", requirements: Requirements
) -> "tuple[TrustRoot, Document] | None":
    """Trust from 2.x's flags and variables, and what is known of it; TUF completes it where it lacks what is needed."""
    paths = [args.text(name) for name in _TRUST_OF_FILES]
    if not any(paths) and not any(name.startswith("SIGSTORE_") for name in context.environ):
        return None
    from pycosign.instances.legacy_material import LegacyFiles, completed_trust, legacy_trust
    from pycosign.instances.trust import Document, load_trust

    given = legacy_trust(LegacyFiles(*paths), environ=context.environ, http=source.http)
    if given is None:
        return None
    if _suffices(given, requirements):
        return given, Document(b"", _ONE_BY_ONE)
    base = load_trust(source)  # without it nothing could be verified, and what is refused might be good
    source_of_both = f"{_ONE_BY_ONE}, and {base.document.source} for the rest"
    return completed_trust(given, base.trust), base.document._replace(source=source_of_both)


def _suffices(trust: "TrustRoot", requirements: Requirements) -> bool:
    keyless = isinstance(requirements.signer, SignerIdentity)
    return bool(
        (trust.logs or Waiver.TLOG in requirements.waivers)
        and (trust.certificate_authorities or not keyless)
        and (trust.ct_logs or not keyless or Waiver.SCT in requirements.waivers)
        and (trust.timestamp_authorities or not requirements.use_signed_timestamps)
    )
