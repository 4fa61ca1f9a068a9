"""Codes that refine a family of errors where no class of its own is needed, and what each means.

For the documents and the tests: no command loads it. Every `code="..."` in the package is here, or on a class of
`errors`; a test holds it.
"""

from typing import Final

__all__ = ["REFINED"]

# code: (family, meaning)
REFINED: Final = {
    "algorithm.unsupported": ("malformed", "A signature or digest algorithm that pycosign does not know."),
    "artifact.needed": (
        "unavailable",
        "Too little is known of the file to judge the signature: the file itself is needed.",
    ),
    "artifact.unreadable": ("unavailable", "The file to verify could not be read; in a batch also: there is none."),
    "batch.malformed-line": ("malformed", "A line of a batch that does not name an artifact and its bundle."),
    "batch.worker-lost": ("unavailable", "A process that verified for a batch ended by itself."),
    "bundle.unreadable": ("unavailable", "The bundle file could not be read; in a batch also: there is none."),
    "key.not-importable": ("usage", "A private key in a form that `import-key-pair` does not take."),
    "key.needed": ("unavailable", "The signature was made with a key, which must be given to check it."),
    "key.unavailable": ("unavailable", "The key's file or address could not be read."),
    "key.unsupported": ("malformed", "A key of a kind, curve or size that pycosign does not use."),
    "key.weak": ("usage", "A private key that no certificate authority would certify."),
    "net.certificate": ("unavailable", "The server's TLS certificate is not trusted."),
    "net.connection": ("unavailable", "No connection, or it broke."),
    "net.proxy": ("unavailable", "The proxy did not let the request through."),
    "net.proxy-settings": ("usage", "The environment names a proxy that cannot be used."),
    "net.rate-limited": ("unavailable", "The server asks to come back later (429), also after the retries."),
    "net.redirect": ("unavailable", "A redirect that is not followed."),
    "net.response-too-large": ("malformed", "The answer is larger than what is expected at most."),
    "net.timeout": ("unavailable", "The time that `--timeout` gives is over."),
    "net.tls": ("unavailable", "No TLS connection could be made."),
    "net.tls-options": ("usage", "A CA bundle or client certificate that was given cannot be used."),
    "net.unknown-host": ("unavailable", "The host's name is not known."),
    "net.url": ("unavailable", "Not a URL that can be asked."),
    "oidc.ambient": ("unavailable", "The surroundings promise an identity token and did not give one."),
    "oidc.no-device-flow": ("unavailable", "The issuer offers no device flow."),
    "oidc.no-token": ("usage", "The surroundings hold no identity token."),
    "policy.malformed": (
        "usage",
        "A policy file with something wrong in it; the message names the field.",
    ),
    "registry.credential-helper": ("unavailable", "A credential helper failed or did not answer."),
    "registry.credentials": ("unavailable", "The credential configuration cannot be used."),
    "registry.denied": ("unavailable", "The registry forbids it (403)."),
    "registry.fallback-tag": ("malformed", "The tag that lists referrers holds something else."),
    "registry.rate-limited": ("unavailable", "The registry asks to come back later (429)."),
    "registry.token-service": ("unavailable", "The service that gives out registry tokens did not."),
    "registry.too-large": ("malformed", "A manifest or blob is larger than what is accepted."),
    "registry.too-many": ("malformed", "More layers, referrers or pages than what is accepted."),
    "registry.unauthorized": ("unavailable", "The registry wants credentials, or other ones (401)."),
    "revocation.digest-unknown": ("unavailable", "A revocation list names files by a digest that is not known here."),
    "revocation.expired": ("unavailable", "A revocation list has expired: what was revoked since is not known."),
    "revocation.not-yet-issued": ("unavailable", "A revocation list is dated later than now."),
    "revocation.untrusted": ("usage", "A revocation list that is malformed, or not signed by whom the policy names."),
    "signing-config.no-service": ("usage", "The signing config names no service that can be used now."),
    "stack.closing": ("unavailable", "The service is shutting down."),
    "stack.format-version": ("usage", "The data directory was written by another version."),
    "timestamp.not-granted": ("malformed", "The timestamp authority's answer grants nothing."),
    "timestamp.unknown-extension": ("malformed", "A timestamp request with an extension that is not understood."),
    "tuf.cache": ("unavailable", "The TUF cache could not be read, written or locked."),
    "tuf.expired": ("unavailable", "The repository's metadata has expired."),
    "tuf.no-root": ("unavailable", "No pinned root for this repository: `initialize` sets it."),
    "tuf.no-target": ("unavailable", "The repository lacks a file that is needed."),
    "tuf.not-cached": ("unavailable", "Offline, and the file was never fetched."),
    "tuf.too-old": ("unavailable", "The trust data is older than `--max-trust-age` allows."),
    "tuf.unavailable": ("unavailable", "The TUF repository could not be asked."),
    "unavailable.file": ("unavailable", "A file exists and could not be read or written."),
    "usage.declined": ("usage", "The question was answered with no."),
    "usage.file": ("usage", "A file that was named does not exist or cannot be made."),
    "usage.instance": ("usage", "No such instance, or one that contradicts what else was said."),
    "usage.unknown-command": ("usage", "No such command."),
    "usage.unsupported": ("usage", "A command, flag or value of Cosign's that is not supported yet."),
}
