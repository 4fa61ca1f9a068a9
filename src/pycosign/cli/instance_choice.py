"""Which named instance a command is to use: that of `--instance`, else the one in use. None: none, as in Cosign."""

from pycosign.cli.service_url import service_url
from pycosign.errors import UsageError
from pycosign.instances.home import has_instances

TYPE_CHECKING = False  # on the shortest path to an answer
if TYPE_CHECKING:
    from pycosign.cli.context import Context
    from pycosign.cli.parser import Values
    from pycosign.instances.named import Instance

__all__ = ["chosen_instance", "instance_for_trust", "log_of_bundles", "log_to_search"]

_TRUST_FLAGS = ("trusted-root", "ca-roots", "ca-intermediates", "timestamp-certificate-chain")
_SIGNING_FLAGS = ("trusted-root", "signing-config")


def instance_for_trust(args: "Values", context: "Context") -> "Instance | None":
    """The instance to verify with; None with --trusted-root too, which needs none.

    Raises: UsageError: no such instance, or what else was said gives trust as well.
    """
    flags = _TRUST_FLAGS if args.text("key") else (*_TRUST_FLAGS, "certificate-chain")
    return _chosen(args, context, flags, needed=not args.text("trusted-root"))


def chosen_instance(args: "Values", context: "Context") -> "Instance | None":
    """The instance to sign with.

    Raises: UsageError: no such instance; what else was said names services or trust as well; or the services are to
            come from URL flags, and one is missing that would be the public Sigstore's.
    """
    found = _chosen(args, context, _SIGNING_FLAGS, needed=True)
    if found is None or args.switch("use-signing-config") or args.text("signing-config"):
        return found
    if args.text("instance"):
        raise UsageError(
            "--use-signing-config=false takes the services from flags, and --instance from the instance",
            code="usage.instance",
        )
    wanted = ["rekor-url"] if args.switch("tlog-upload") else []
    if not args.text("key") or args.switch("issue-certificate"):
        wanted += ["fulcio-url", "oidc-issuer"]
    missing = [name for name in wanted if not args.given(name)]
    if missing and found.name != "public":
        raise UsageError(
            f"the instance {found.name} is in use: without --{missing[0]} the public Sigstore would be asked",
            code="usage.instance",
            hint=f"give --{missing[0]}, or sign with the instance's signing config",
        )
    return found


def log_to_search(args: "Values", context: "Context") -> str | None:
    """The log to ask for the entry of an old signature that carries none: --rekor-url, else the instance's Rekor v1.

    None: the instance has none, or the flag is empty. The public log is never asked about signatures of another
    instance. Raises: UsageError: the flag is no address.
    """
    if args.given("rekor-url"):
        return service_url(args, "rekor-url") or None
    found = instance_for_trust(args, context)
    if found is None or found.name == "public":
        return args.text("rekor-url")
    return _searchable_log(found, context)


def log_of_bundles(args: "Values", context: "Context") -> str:
    """The log that `bundle create` and `bundle upgrade` ask, which have no --instance: as `log_to_search`.

    Raises: UsageError: the flag is no address, or a private instance is in use, and has no log of that kind.
    """
    name = context.environ.get("PYCOSIGN_INSTANCE")
    if args.given("rekor-url") or not (name or has_instances(context.environ)):
        url = service_url(args, "rekor-url")
        if not url:
            raise UsageError("--rekor-url is given without a URL")
        return url
    from pycosign.instances.named import resolve_instance

    found = resolve_instance(name or None, context.environ)
    if found is None or found.name == "public":
        return args.text("rekor-url")
    searchable = _searchable_log(found, context)
    if searchable is None:
        raise UsageError(
            f"the instance {found.name} is in use, and has no log that can be asked", hint="give --rekor-url"
        )
    return searchable


def _searchable_log(instance: "Instance", context: "Context") -> str | None:
    """The Rekor v1 log of the instance's signing config."""
    from pycosign.ambient import utc_now
    from pycosign.instances.trust import TrustSource, load_signing_config

    config, _ = load_signing_config(TrustSource(context.environ, utc_now(), context.http, instance=instance))
    return next((service.url for service in config.rekor if service.api_version == 1), None)


def _chosen(args: "Values", context: "Context", flags: tuple[str, ...], *, needed: bool) -> "Instance | None":
    name = args.text("instance")
    if not name and args.given("instance"):
        raise UsageError(
            "--instance is given without a name",
            code="usage.instance",
            hint="is the variable that should hold it unset?",
        )
    if not name and not (needed and has_instances(context.environ)):
        return None
    from pycosign.instances.named import TUF_VARIABLES, resolve_instance

    if name:
        from pycosign.instances.legacy_material import VARIABLES

        said = [f"--{flag}" for flag in flags if args.text(flag)]
        said += [variable for variable in (*TUF_VARIABLES, *VARIABLES) if context.environ.get(variable)]
        if said:
            raise UsageError(
                f"--instance {name} and {said[0]} both say whom to trust",
                code="usage.instance",
                hint="give one of them; `pycosign instance add` makes an instance of your own documents",
            )
    else:
        _tell_of_variables(context)
    return resolve_instance(name or None, context.environ)


def _tell_of_variables(context: "Context") -> None:
    """Cosign's variables win over the instance in use; who set them for something else must not learn it too late."""
    from pycosign.errors import SigningError
    from pycosign.instances.named import TUF_VARIABLES, read_registered

    variable = next((name for name in TUF_VARIABLES if context.environ.get(name)), None)
    if variable is None:
        return
    try:
        in_use = read_registered(context.environ).in_use
    except SigningError:
        return  # the variables say enough
    if in_use is not None:
        context.warn(f"{variable} is set, and wins over the instance {in_use}, which is in use")
