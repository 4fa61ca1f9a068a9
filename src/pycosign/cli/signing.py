"""What `sign` and `sign-blob` share: from flags to who signs, with which services, under which trust."""

from typing import TYPE_CHECKING

from pycosign.ambient import utc_now
from pycosign.cli.service_url import service_url
from pycosign.errors import SigningError, UsageError
from pycosign.flows.signing import KeylessSigning, KeySigning, SigningContext
from pycosign.sign.services import (
    DEFAULT_FULCIO_URL,
    DEFAULT_OIDC_ISSUER,
    DEFAULT_REKOR_URL,
    SigningServices,
    services_from_urls,
)

if TYPE_CHECKING:
    from pycosign.cli.context import Context
    from pycosign.cli.parser import Values
    from pycosign.clients.oidc import IdentityToken
    from pycosign.crypto.signers import LocalSigner
    from pycosign.instances.trust import TrustSource
    from pycosign.net.http import HttpClient
    from pycosign.verify.trust import TrustRoot

__all__ = [
    "DEFAULT_ALGORITHM",
    "check_signing_flags",
    "confirm_log_upload",
    "signing_context",
    "warn_of_ignored_outputs",
]

DEFAULT_ALGORITHM = "ecdsa-sha2-256-nistp256"
_IGNORED_OUTPUTS = ("output-signature", "output-certificate", "output-payload", "rfc3161-timestamp", "output")
_STATEMENT = """
The signature goes into a transparency log, together with the certificate or the public key of whoever signs and the
digest of what is signed. A certificate names you: its identity, such as your email address, becomes part of a public
record that cannot be changed or removed later.

By typing 'y', you attest that (1) you are not submitting the personal data of any other person; and (2) you understand
and agree that what is logged stays public."""


def check_signing_flags(args: "Values") -> None:
    """Refuse flags that contradict each other, in Cosign's words, before anything is asked of anybody."""
    if not (args.switch("use-signing-config") or args.text("signing-config")):
        return
    changed = (
        args.text("rekor-url") not in ("", DEFAULT_REKOR_URL)
        or args.text("fulcio-url") not in ("", DEFAULT_FULCIO_URL)
        or args.text("oidc-issuer") not in ("", DEFAULT_OIDC_ISSUER)
        or args.text("timestamp-server-url")
    )
    if changed:
        raise UsageError(
            "cannot specify service URLs and use signing config",
            hint="--use-signing-config=false takes the services from the URL flags",
        )
    if not args.switch("tlog-upload"):
        raise UsageError(
            "--tlog-upload=false is not supported with --signing-config or --use-signing-config. "
            "Provide a signing config with --signing-config without a transparency log service",
            hint="--use-signing-config=false takes the services from the URL flags",
        )
    if not args.switch("new-bundle-format") and not args.text("bundle"):
        raise UsageError(
            "must provide --new-bundle-format or --bundle where applicable "
            "with --signing-config or --use-signing-config"
        )


def warn_of_ignored_outputs(args: "Values", context: "Context") -> None:
    """Say which output flags of 2.x do nothing while bundles are written."""
    for name in _IGNORED_OUTPUTS:
        if name in args.flags and args.text(name):
            context.warn(f"--{name} is deprecated when using --new-bundle-format and will be ignored")


def confirm_log_upload(args: "Values", context: "Context") -> None:
    """The statement about the public log, which Cosign shows when no signing config says where signatures go."""
    if args.switch("use-signing-config") or args.text("signing-config") or not args.switch("tlog-upload"):
        return
    context.say(_STATEMENT)
    if not args.switch("yes"):
        from pycosign.cli.prompts import confirm

        confirm(context)


def signing_context(args: "Values", context: "Context", *, algorithm: str = DEFAULT_ALGORITHM) -> SigningContext:
    """Open the key or get a token, choose the services, load the trust root for the check of our own result."""
    from pycosign.cli.instance_choice import chosen_instance
    from pycosign.instances.trust import TrustSource

    source = TrustSource(context.environ, utc_now(), context.http, instance=chosen_instance(args, context))
    signer = _open_key(args, context)
    services = _services(args, source, context)
    keyless = signer is None or args.switch("issue-certificate")
    trust = _trust(args, source, context, services, keyless=keyless)
    means: KeySigning | KeylessSigning
    if keyless:
        client_id = args.text("oidc-client-id")
        if source.instance is not None and source.instance.oidc_client_id and not args.given("oidc-client-id"):
            client_id = source.instance.oidc_client_id
        means = KeylessSigning(_token(args, context, services, client_id), algorithm, signer)
    else:
        assert signer is not None
        means = KeySigning(signer, _own_chain(args))
    return SigningContext(
        means=means,
        services=services,
        clock=utc_now,
        http=None if services.is_offline and not keyless else context.http(),
        timestamp_http=_timestamp_http(args, context),
        trust=trust,
        progress=context.say,
    )


def _open_key(args: "Values", context: "Context") -> "LocalSigner | None":
    if not args.text("key"):
        for name in ("certificate", "certificate-chain"):
            if args.text(name):
                raise UsageError(f"--{name} is for a key of your own: it needs --key")
        return None
    from pycosign.cli.prompts import password_of
    from pycosign.keys.open import open_signer

    return open_signer(args.text("key"), password_of(context), http=context.http, environ=context.environ)


def _services(args: "Values", source: "TrustSource", context: "Context") -> SigningServices:
    path = args.text("signing-config")
    if path or args.switch("use-signing-config"):
        from pycosign.instances.services import services_from_config
        from pycosign.instances.trust import load_signing_config

        config, document = load_signing_config(source, path=path or None)
        for warning in document.warnings:
            context.warn(warning)
        services = services_from_config(config, now=source.now)
        if source.instance is not None and source.instance.oidc_issuer and not path:
            services = services._replace(oidc_issuer=source.instance.oidc_issuer)
        return services
    return services_from_urls(
        fulcio_url=service_url(args, "fulcio-url") or None,
        rekor_url=service_url(args, "rekor-url") if args.switch("tlog-upload") else None,
        oidc_issuer=service_url(args, "oidc-issuer") or None,
        timestamp_url=service_url(args, "timestamp-server-url") or None,
    )


def _trust(
    args: "Values", source: "TrustSource", context: "Context", services: SigningServices, *, keyless: bool
) -> "TrustRoot | None":
    """The trust root of `--trusted-root`, else of TUF where Cosign takes it from there; without it a warning."""
    from pycosign.instances.trust import load_trust

    path = args.text("trusted-root")
    if path:
        return load_trust(source, path=path).trust
    has_config = args.switch("use-signing-config") or bool(args.text("signing-config"))
    wanted = has_config and not (services.is_offline and not keyless)
    if not wanted and not (keyless and not context.environ.get("SIGSTORE_CT_LOG_PUBLIC_KEY_FILE")):
        return None
    try:
        loaded = load_trust(source)
    except SigningError as exc:
        if source.instance is not None:  # it was chosen by name: nothing is signed that it cannot vouch for
            raise
        context.warn(
            f"Could not fetch trusted_root.json from the TUF repository: the new signature is not checked. {exc}"
        )
        return None
    for warning in loaded.document.warnings:
        context.warn(warning)
    return loaded.trust


def _token(args: "Values", context: "Context", services: SigningServices, client_id: str) -> "IdentityToken":
    import sys

    from pycosign.clients.oauth import OauthClient
    from pycosign.clients.token_source import TokenRequest, obtain_token

    secret_file = args.text("oidc-client-secret-file")
    secret = ""
    if secret_file:
        with open(secret_file, encoding="utf-8") as file:
            secret = file.read(65536).strip()
    request = TokenRequest(
        issuer=services.oidc_issuer,
        argument=args.text("identity-token"),
        flow=args.text("fulcio-auth-flow"),
        client=OauthClient(client_id, secret),
        redirect_uri=args.text("oidc-redirect-url"),
        provider=args.text("oidc-provider"),
        use_ambient=not args.switch("oidc-disable-ambient-providers"),
        interactive=context.owns_process and sys.stdin is not None and sys.stdin.isatty(),
    )

    def agree() -> None:
        context.say(_STATEMENT)
        if not args.switch("yes"):
            from pycosign.cli.prompts import confirm

            confirm(context)

    def open_browser(url: str) -> bool:
        import webbrowser

        return webbrowser.open(url)

    return obtain_token(
        request,
        http=context.http(),
        environ=context.environ,
        deadline=context.deadline,
        show=context.say,
        confirm=agree,
        open_browser=open_browser,
    )


def _own_chain(args: "Values") -> tuple[bytes, ...]:
    """`--certificate` (PEM or DER) and `--certificate-chain`: leaf first, checked to hang together."""
    from pycosign import limits
    from pycosign.codec.pem import parse_pem
    from pycosign.keys.reference import read_key_file

    path, chain_path = args.text("certificate"), args.text("certificate-chain")
    if not path:
        if chain_path:
            raise UsageError("no leaf certificate found or provided while specifying chain")
        return ()
    data = read_key_file(path)
    leaf = data
    if data[:1] != b"\x30":
        blocks = [block for block in parse_pem(data, what=path) if block.label == "CERTIFICATE"]
        if not blocks:
            raise UsageError(f"supplied PEM file is not a certificate: {path}")
        leaf = blocks[0].der
    if not chain_path:
        return (leaf,)
    above = [
        block.der for block in parse_pem(read_key_file(chain_path), what=chain_path) if block.label == "CERTIFICATE"
    ]
    if not above or len(above) > limits.CERTIFICATES:
        raise UsageError("no certificates in certificate chain")
    _check_chain(leaf, above)
    return (leaf, *above)


def _check_chain(leaf_der: bytes, above_der: list[bytes]) -> None:
    from pycosign.crypto.certificate import parse_certificate
    from pycosign.crypto.extensions import CODE_SIGNING
    from pycosign.crypto.path import build_path

    leaf, above = parse_certificate(leaf_der), [parse_certificate(der) for der in above_der]
    try:
        build_path(leaf, above[:-1], above[-1:], at=leaf.not_before, eku=CODE_SIGNING)
    except SigningError as exc:
        raise UsageError(f"unable to validate certificate chain: {exc}") from exc


def _timestamp_http(args: "Values", context: "Context") -> "HttpClient | None":
    names = ("timestamp-client-cacert", "timestamp-client-cert", "timestamp-client-key", "timestamp-server-name")
    ca, certificate, key, server_name = (args.text(name) or None for name in names)
    if not any((ca, certificate, key, server_name)):
        return None
    from pycosign.net.tls import TlsOptions

    return context.new_http(TlsOptions(ca, certificate, key, server_name))
