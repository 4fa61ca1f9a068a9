"""Which certificates a connection trusts and presents.

A bad file is an error that names the file: Cosign ignores it silently and goes on with the defaults (quirk 28).
"""

import os
import ssl
from collections.abc import Mapping
from typing import NamedTuple

from pycosign.errors import UsageError

__all__ = ["TlsOptions", "ssl_context"]


class TlsOptions(NamedTuple):
    """How to do TLS. Paths of PEM files; what is None takes the system's default.

    `ca_file` replaces the system's authorities, as `--registry-cacert` of Cosign does. `server_name` is sent as SNI
    and demanded from the certificate in place of the URL's host. `insecure` turns all checks of the server off.
    """

    ca_file: str | None = None
    client_certificate: str | None = None
    client_key: str | None = None
    server_name: str | None = None
    insecure: bool = False


def ssl_context(options: TlsOptions, environment: Mapping[str, str]) -> ssl.SSLContext:
    """A client context for these options; SSL_CERT_FILE and SSL_CERT_DIR replace the system's authorities, as in Go.

    Raises: UsageError: a file is missing, is not PEM, holds no certificate, or the key is not the certificate's.
    """
    if options.server_name is not None:
        _check_server_name(options.server_name)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_alpn_protocols(["http/1.1"])
    if options.insecure:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    elif options.ca_file:
        _load_authorities(context, options.ca_file, "CA file")
    elif environment.get("SSL_CERT_FILE") or environment.get("SSL_CERT_DIR"):
        _load_from_environment(context, environment)
    else:
        _load_system(context)
    _load_client_certificate(context, options)
    return context


def _check_server_name(name: str) -> None:
    """Raises: UsageError: nothing that can be sent: `ssl` has no error of its own for that."""
    try:
        labels = name.removesuffix(".").encode("idna").split(b".")
    except UnicodeError:
        labels = [b""]
    if not all(labels) or len(name) > 253 or any(character in name for character in " \t\n/\0"):
        message = f"the TLS server name {name[:200]!a} is not the name of a host"
        raise UsageError(message, code="net.tls-options")


def _load_authorities(context: ssl.SSLContext, path: str, what: str) -> None:
    try:
        context.load_verify_locations(cafile=path)
    except ssl.SSLError as exc:
        raise UsageError(f"{what} {path} holds no PEM certificate", code="net.tls-options") from exc
    except OSError as exc:
        raise UsageError(f"{what} {path}: {exc.strerror or exc}", code="net.tls-options") from exc


def _load_from_environment(context: ssl.SSLContext, environment: Mapping[str, str]) -> None:
    path = environment.get("SSL_CERT_FILE")
    if path:
        _load_authorities(context, path, "SSL_CERT_FILE")
    for directory in (environment.get("SSL_CERT_DIR") or "").split(os.pathsep):
        if not directory:
            continue
        try:
            names = sorted(os.listdir(directory))
        except OSError as exc:
            message = f"SSL_CERT_DIR {directory}: {exc.strerror or exc}"
            raise UsageError(message, code="net.tls-options") from exc
        if any(_is_hashed(name) for name in names):
            context.load_verify_locations(capath=directory)
            continue
        for name in names:  # Go reads every file, not only OpenSSL's hashed names
            candidate = os.path.join(directory, name)
            if os.path.isfile(candidate):
                try:
                    context.load_verify_locations(cafile=candidate)
                except ssl.SSLError:
                    continue  # a key or a README beside the certificates


def _load_system(context: ssl.SSLContext) -> None:
    # Reading a whole bundle costs 20 ms of CPU per process; a hashed directory is read only where needed.
    directory = ssl.get_default_verify_paths().capath
    if directory is not None:
        with os.scandir(directory) as entries:
            if any(_is_hashed(entry.name) for entry in entries):
                context.load_verify_locations(capath=directory)
                return
    context.load_default_certs(ssl.Purpose.SERVER_AUTH)


def _is_hashed(name: str) -> bool:
    """Whether the name is one of OpenSSL's subject hashes: "1d3472b9.0"."""
    return len(name) >= 10 and name[8] == "." and name[9:].isdigit()


def _load_client_certificate(context: ssl.SSLContext, options: TlsOptions) -> None:
    if not options.client_certificate and not options.client_key:
        return
    if not options.client_certificate or not options.client_key:
        message = "a client certificate and its key must be given together"
        raise UsageError(message, code="net.tls-options")
    for path in (options.client_certificate, options.client_key):
        if not os.path.isfile(path):
            raise UsageError(f"client certificate or key {path}: no such file", code="net.tls-options")
    try:
        # An encrypted key would make OpenSSL ask on the terminal; an empty password makes it fail instead.
        context.load_cert_chain(options.client_certificate, options.client_key, password=lambda: b"")
    except (OSError, ValueError) as exc:  # ssl.SSLError is an OSError
        message = f"client certificate {options.client_certificate} and key {options.client_key} do not make a pair"
        raise UsageError(message, code="net.tls-options") from exc
