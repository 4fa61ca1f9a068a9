"""What every command about images shares: the registry and its credentials, where signatures are kept, annotations."""

from typing import TYPE_CHECKING

from pycosign.errors import UsageError

if TYPE_CHECKING:
    from pycosign.cli.context import Context
    from pycosign.cli.parser import Values
    from pycosign.oci.registry import Registry

__all__ = ["open_registry", "read_annotations", "signature_repository"]


def open_registry(args: "Values", context: "Context") -> "Registry":
    """A client for every registry, as the `--registry-*` and `--allow-*` flags say.

    Credentials: user name and password if both are given, else the token, else docker's and podman's config files.
    """
    from pycosign.net.tls import TlsOptions
    from pycosign.oci.client import RegistryClient
    from pycosign.oci.docker_config import fixed_credentials, load_docker_config

    insecure = args.switch("allow-insecure-registry")
    tls = TlsOptions(
        ca_file=args.text("registry-cacert") or None,
        client_certificate=args.text("registry-client-cert") or None,
        client_key=args.text("registry-client-key") or None,
        server_name=args.text("registry-server-name") or None,
        insecure=insecure,
    )
    fixed = fixed_credentials(
        args.text("registry-username"), args.text("registry-password"), args.text("registry-token")
    )
    return RegistryClient(
        context.new_http(tls),
        load_docker_config(context.environ) if fixed is None else lambda repository: fixed,
        allow_http=args.switch("allow-http-registry"),
        allow_insecure=insecure,
    )


def signature_repository(context: "Context") -> str | None:
    """COSIGN_REPOSITORY: the repository that holds the signatures; None: each image's own.

    Raises: MalformedError: not the name of a repository.
    """
    text = context.environ.get("COSIGN_REPOSITORY", "")
    if not text:
        return None
    from pycosign.wire.reference import parse_repository

    return parse_repository(text, what="COSIGN_REPOSITORY")


def read_annotations(args: "Values", *, is_demand: bool = False) -> dict[str, str]:
    """`-a key=value`, split at the first `=`.

    Raises: UsageError: in Cosign's words; or two values of one annotation are demanded (Cosign demands the last).
    """
    annotations: dict[str, str] = {}
    for item in args.items("annotations"):
        key, separator, value = item.partition("=")
        if not separator:
            raise UsageError(f"unable to parse annotation: {item}")
        if is_demand and annotations.get(key, value) != value:
            raise UsageError(
                f"two values of the annotation {key!r} are demanded: {annotations[key]!r} and {value!r}",
                hint="a signature has one value of each",
            )
        annotations[key] = value
    return annotations
