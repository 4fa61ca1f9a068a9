"""What to try when an error has a known way out: the `hint:` line. By code, or by the longest beginning of one."""

__all__ = ["hint_for"]

_OTHER_SIGSTORE = "the trust root may be of another Sigstore: see --instance, --trusted-root and `pycosign initialize`"
_HINTS = {
    "annotation": "`pycosign verify` without -a shows the annotations that were signed",
    "artifact.digest-mismatch": "the signature is for another file or image: check that it is the one that was signed",
    "artifact.name-mismatch": "PyPI's attestations name the file: give it the name under which it was published",
    "artifact.needed": "give the file itself; to `pycosign explain` with --artifact FILE",
    "artifact.unreadable": "this says nothing about the signature: see whether the file is there and may be read",
    "batch": "each line is a JSON object with `artifact` and `bundle`",
    "bundle.unreadable": "this says nothing about the signature: see whether the bundle is there and may be read",
    "bundle.none-accepted": "the message says why for each that the file holds: one that fits is enough",
    "cert.not-valid-at-time": "short-lived certificates need a log entry or signed timestamp of when they signed",
    "cert.untrusted": _OTHER_SIGSTORE,
    "checkpoint.invalid": _OTHER_SIGSTORE,
    "claim.mismatch": "the message names the claim; demand another value only if you know that it is the right one",
    "identity.mismatch": "the message says what the certificate names: demand that only if you trust it",
    "image.no-matching-signatures": "`pycosign explain IMAGE` tells of each whose it says it is, and what is wrong",
    "image.no-signatures": "`pycosign sign` signs an image; `pycosign tree IMAGE` shows what is stored beside one",
    "image.not-found": "check the name, the tag and the registry's host",
    "issuer.mismatch": "the message names the issuer; pass it to --certificate-oidc-issuer only if you trust it",
    "key.mismatch": "`pycosign explain` says whether it was made with a key or a certificate, and with which",
    "key.unavailable": "this says nothing about the signature: see whether the key or file is there and may be read",
    "key.needed": "--key KEY.pub, with the public key as its owner published it",
    "key.outside-window": "the key counted only for a time: ask its owner whether the signature is theirs",
    "key.wrong-password": "the password comes from COSIGN_PASSWORD, or a prompt, or standard input with its newline",
    "legacy.cert-substitution": "a key inside a bundle never replaces the one you demand (GHSA-fx35-mq7g-6g98)",
    "malformed": "what was read may be cut off, or of another kind",
    "net": "this says nothing about the signature: try again when what could not be reached answers",
    "net.proxy-settings": "HTTP_PROXY and its relatives take http://HOST:PORT, https://HOST:PORT or socks5://HOST:PORT",
    "net.timeout": "--timeout gives it longer",
    "net.tls-options": "the message names the file, or the name, that cannot be used",
    "net.url": "give an address like https://HOST or http://HOST:PORT",
    "predicate-type": "what was signed is of another kind: `pycosign explain` says of which",
    "registry": "this says nothing about the signature: try again when the registry answers",
    "registry.denied": "the registry knows you and does not let you: see `docker login`, or --registry-username",
    "registry.digest-mismatch": "the registry, or something between it and you, changed what was stored",
    "registry.unauthorized": "log in first: `docker login`, or --registry-username and --registry-password",
    "revocation": "this says nothing about the signature: get a current revocation list from whoever publishes it",
    "revocation.digest-unknown": "give the file itself in place of its digest",
    "revocation.untrusted": "nothing was verified: a policy's revocation list is never left out",
    "revoked": "whoever publishes the revocation list took it back: do not use it, and ask them why",
    "sct.invalid": "the trust root may lack the certificate log's key: see --trusted-root and `pycosign initialize`",
    "service": "the service understood the request and said no, for the reason that it gives",
    "signature.invalid": "the artifact, the signature or the key is not the one that belongs to the others",
    "signers.threshold": "each demanded signer counts once: get the signatures that are missing, or demand fewer",
    "stack.log-state": "the log's data directory was changed by something else: restore it, or start with an empty one",
    "signers": "`--report text`, or `pycosign explain`, shows each signature that was looked at, and whose it is",
    "timestamp.invalid": "the timestamp is not for this signature, or not of an authority in the trust root",
    "timestamp.missing": "sign with a timestamp authority to have one",
    "timestamp.outside-validity": "the signature was not made while its certificate was valid",
    "timestamp.threshold": "distinct authorities count, by operator or domain: sign with more of them, or demand fewer",
    "tlog": "the log entry does not belong to this signature, or was changed",
    "tlog.missing": "ask whoever signed for a bundle with the log entry: without one no theft of an identity is seen",
    "tlog.threshold": "distinct logs count, by operator or domain: sign with more of them, or demand fewer",
    "tlog.unknown-log": _OTHER_SIGSTORE,
    "tuf.cache": "this says nothing about the signature: see whether the cache may be written to, or set TUF_ROOT",
    "tuf.expired": "this says nothing about the signature: the repository's operator has to publish new metadata",
    "tuf.metadata-invalid": "this is not what the known root signed, in the cache or at its source: see --root of "
    "`pycosign initialize`, and ask the repository's operator",
    "tuf.no-root": "`pycosign initialize --mirror URL --root FILE` pins the root that the operator publishes",
    "tuf.no-target": "the repository answered, and has no such file: see --mirror of `pycosign initialize`",
    "tuf.not-cached": "without --offline it is fetched; `pycosign initialize` does so ahead of time",
    "tuf.root-checksum": "compare the root file with the digest that the instance's operator publishes elsewhere",
    "tuf.too-old": "the repository is asked unless --offline is given; a longer --max-trust-age takes what is there",
    "unavailable": "this says nothing about the signature: try again when what could not be reached answers",
    "unavailable.file": "this says nothing about the signature: see whether the file may be read, or written to",
}


def hint_for(code: str, family: str = "") -> str:
    """The hint for an error code, for the longest beginning of it, or for its family; "" if there is none."""
    while code:
        if code in _HINTS:
            return _HINTS[code]
        code = code.rpartition(".")[0]
    return _HINTS.get(family, "")
