"""Flags that several commands share, under the names that Cosign's documentation knows them by.

Names, shorthands, types, defaults and notices equal those of cosign 3.1.2 (a test compares them); the texts are ours.
"""

from pycosign.cli.flag import DURATION, ENUM, Flag, items, number, switch, text

__all__ = [
    "ANNOTATIONS",
    "BATCH",
    "HARDWARE",
    "IDENTITY",
    "NOW_IN_BUNDLE",
    "POLICY_FILE",
    "REFERRERS_MODE",
    "REGISTRY",
    "SIGNING",
    "SIGNING_UNSUPPORTED",
    "UNSUPPORTED_REGISTRY",
    "VERIFYING",
    "VERIFYING_UNSUPPORTED",
    "only_reads",
]

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pycosign.cli.parser import Values

_SIGNING_CONFIG = "please use a signing config to specify {}; see `cosign signing-config {}--help`"
NOW_IN_BUNDLE = "please use --bundle to provide the output bundle location, which will include the {}"

HARDWARE = (
    switch("sk", "use a hardware security key"),
    text(
        "slot",
        "slot of the hardware security key",
        choices=("authentication", "signature", "card-authentication", "key-management"),
    ),
)

REGISTRY = (
    switch("allow-http-registry", "let the registry be reached by plain HTTP; for tests only"),
    switch(
        "allow-insecure-registry",
        "do not check the registry's TLS certificate, and let plain HTTP be tried; for tests only",
    ),
    text("attachment-tag-prefix", "text in front of `sha256-...` in tags", deprecated="please use OCI referrers"),
    switch("k8s-keychain", "also ask the clouds' credential helpers, as a Kubernetes node would"),
    text("registry-cacert", "PEM file with the certificate authorities to trust for the registry"),
    text("registry-client-cert", "PEM file with the certificate to present to the registry"),
    text("registry-client-key", "PEM file with the private key of --registry-client-cert"),
    text("registry-password", "password for the registry, together with --registry-username"),
    text("registry-server-name", "name that the registry's certificate must carry"),
    text("registry-token", "bearer token for the registry"),
    text("registry-username", "user name for the registry, together with --registry-password"),
)

REFERRERS_MODE = Flag(
    "registry-referrers-mode",
    ENUM,
    "",
    "how legacy signatures are attached: by tag (legacy) or as OCI 1.1 referrers (oci-1-1)",
    choices=("legacy", "oci-1-1"),
)

_INSTANCE = text("instance", "the named Sigstore to use: public, staging or one of `pycosign instance list`", own=True)

# Identity and services for signing.
IDENTITY = (
    text(
        "fulcio-auth-flow",
        "how to log in for an identity token; chosen by where it runs when empty",
        choices=("normal", "device", "token", "client_credentials"),
    ),
    text(
        "fulcio-url",
        "base URL of the certificate authority",
        default="https://fulcio.sigstore.dev",
        deprecated=_SIGNING_CONFIG.format("a fulcio url", ""),
    ),
    text("identity-token", "the identity token to get a certificate with, or a file that holds it"),
    switch(
        "insecure-skip-verify",
        "has no effect",
        deprecated="SCT verification is no longer performed during signing/attestation.",
    ),
    text("oidc-client-id", "OIDC client ID of this application", default="sigstore"),
    text("oidc-client-secret-file", "file that holds the OIDC client secret"),
    switch(
        "oidc-disable-ambient-providers", "do not take an identity token from the environment (CI systems and the like)"
    ),
    text(
        "oidc-issuer",
        "base URL of the OIDC issuer",
        default="https://oauth2.sigstore.dev/auth",
        deprecated=_SIGNING_CONFIG.format("an OIDC issuer", "create "),
    ),
    text(
        "oidc-provider",
        "the only ambient provider to ask for an identity token; all of them when empty",
        choices=("spiffe", "google", "github-actions", "filesystem", "buildkite-agent"),
    ),
    text("oidc-redirect-url", "where the browser is sent back to; http://localhost:0/auth/callback when empty"),
    text(
        "rekor-url",
        "base URL of the transparency log",
        default="https://rekor.sigstore.dev",
        deprecated=_SIGNING_CONFIG.format("a rekor url", ""),
    ),
    text("timestamp-client-cacert", "PEM file with the certificate authorities to trust for the timestamp authority"),
    text("timestamp-client-cert", "PEM file with the certificate to present to the timestamp authority"),
    text("timestamp-client-key", "PEM file with the private key of --timestamp-client-cert"),
    text("timestamp-server-name", "name that the timestamp authority's certificate must carry"),
    text(
        "timestamp-server-url",
        "URL of the timestamp authority",
        deprecated=_SIGNING_CONFIG.format("a timestamp server url", ""),
    ),
)

# Key and signing config, with `IDENTITY` what every signing command takes.
SIGNING = (
    *IDENTITY,
    *HARDWARE,
    _INSTANCE,
    text("bundle", "write all that is needed to verify the signature to this file"),
    text("certificate", "file with the X.509 certificate of the signing key"),
    text(
        "certificate-chain",
        "PEM file with the authorities above --certificate, from the one that issued it up to the root",
    ),
    switch(
        "issue-certificate",
        "get a certificate for the key",
        deprecated="support for this flag will be removed in the future",
    ),
    text("key", "the private key: a file, env://VARIABLE or a URL"),
    switch(
        "new-bundle-format",
        "write Sigstore bundles",
        default=True,
        deprecated="this will be the only supported format in future versions",
    ),
    text(
        "output-certificate",
        "write the certificate to this file",
        deprecated=NOW_IN_BUNDLE.format("certificate"),
    ),
    text("output-signature", "write the signature to this file", deprecated=NOW_IN_BUNDLE.format("signature")),
    text("signing-config", "file that names the services to sign with"),
    switch(
        "tlog-upload",
        "put the signature into the transparency log",
        default=True,
        deprecated="prefer using a --signing-config file with no transparency log services",
    ),
    text("trusted-root", "file with the trust root to verify the new signature with"),
    switch("use-signing-config", "take the services to sign with from the TUF repository", default=True),
    switch("yes", "do not ask before what cannot be undone", shorthand="y"),
)

_WORKFLOW = "the GitHub workflow's {} that the certificate must name"
_EITHER = "; this or its -regexp form is needed unless a key is given"
_REGEXP = "regular expression (RE2) that the certificate's {} must match"

VERIFYING = (
    *HARDWARE,
    _INSTANCE,
    text(
        "ca-intermediates",
        "PEM file with intermediate certificate authorities",
        deprecated="please use --trusted-root to provide CA certificates",
    ),
    text(
        "ca-roots",
        "PEM file with root certificate authorities",
        deprecated="please use --trusted-root to provide CA certificates",
    ),
    text(
        "certificate",
        "file with the certificate that signed",
        deprecated="please use --bundle with --trusted-root to provide the public certificate",
    ),
    text(
        "certificate-chain",
        "PEM file with the certificate authorities to trust",
        deprecated="please use --trusted-root to provide the certificate chain",
    ),
    text("certificate-github-workflow-name", _WORKFLOW.format("name")),
    text("certificate-github-workflow-ref", _WORKFLOW.format("git ref")),
    text("certificate-github-workflow-repository", _WORKFLOW.format("repository")),
    text("certificate-github-workflow-sha", _WORKFLOW.format("commit")),
    text("certificate-github-workflow-trigger", _WORKFLOW.format("trigger")),
    text("certificate-identity", "the identity that the certificate must name: an email address, a URI ..." + _EITHER),
    text("certificate-identity-regexp", _REGEXP.format("identity")),
    text("certificate-oidc-issuer", "the OIDC issuer that the certificate must name" + _EITHER),
    text("certificate-oidc-issuer-regexp", _REGEXP.format("OIDC issuer")),
    switch(
        "experimental-oci11",
        "look for legacy signatures among OCI 1.1 referrers",
        deprecated="OCI referrers will be the default behavior in future versions",
    ),
    switch("insecure-ignore-sct", "do not ask for proof that the certificate was logged"),
    switch("insecure-ignore-tlog", "do not ask for proof that the signature was logged"),
    text("key", "the public key: a file, env://VARIABLE or a URL"),
    Flag(
        "max-trust-age",
        DURATION,
        0.0,
        "fetch trust metadata anew that is older than this, and refuse it where that fails; 0: no limit but its expiry",
        own=True,
    ),
    number("max-workers", "how many checks may run at once", default=10),
    switch(
        "new-bundle-format",
        "look for Sigstore bundles",
        default=True,
        deprecated="this will be the only supported format in future versions",
    ),
    switch(
        "offline",
        "do not use the network",
        deprecated="To verify in an airgapped environment, provide a --bundle with the signature and verification "
        "material, and a --trusted-root file with the service keys and certificates",
    ),
    switch(
        "private-infrastructure",
        "as --insecure-ignore-tlog, without its warning",
        deprecated="please use --insecure-ignore-tlog instead",
    ),
    text(
        "rekor-url",
        "base URL of the transparency log",
        default="https://rekor.sigstore.dev",
        deprecated="please use --bundle, which includes the Rekor inclusion proof",
    ),
    text(
        "report",
        "print every signature that was looked at, what each check proved, and which trust it was judged under",
        choices=("json", "text"),
        own=True,
    ),
    text(
        "sct",
        "file with the certificate's SCT",
        deprecated="a Signed Certificate Timestamp is now provided via a Sigstore bundle",
    ),
    text(
        "signature-digest-algorithm",
        "digest that was signed",
        default="sha256",
        deprecated="please use --bundle, which already includes the digest algorithm",
        choices=("sha224", "sha256", "sha384", "sha512"),
    ),
    text(
        "timestamp-certificate-chain",
        "PEM file with the timestamp authority's certificates",
        deprecated="please use --trusted-root to provide the timestamp authority certificate chain",
    ),
    text("trusted-root", "file with the trust root to verify with"),
    switch("use-signed-timestamps", "ask for a signed timestamp"),
)

POLICY_FILE = text(
    "policy-file",
    "YAML file that says who must have signed, and how many (docs/policy.md), in place of --key and the --certificate "
    "flags",
    own=True,
)
BATCH = text(
    "batch",
    'verify many: a file (- is standard input) with a line {"artifact": PATH or "sha256:HEX", "bundle": PATH} '
    "for each pair",
    own=True,
)
ANNOTATIONS = items("annotations", "key=value pairs in the signature; may repeat", shorthand="a")

# Refused by name when set (docs/compatibility.md): never ignored.
UNSUPPORTED_REGISTRY = frozenset(("k8s-keychain",))
SIGNING_UNSUPPORTED = frozenset(("sk", "slot"))
VERIFYING_UNSUPPORTED = frozenset(("sk", "slot", "experimental-oci11"))


def only_reads(args: "Values") -> bool:
    """Whether a verification with these flags begins nothing that SIGTERM would have to undo: `signal` costs 1 ms."""
    return bool(args.text("trusted-root")) and not args.text("batch") and not args.text("output-file")
