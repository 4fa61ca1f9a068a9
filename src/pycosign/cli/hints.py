"""What to try when an error has a known way out: the `hint:` line. By code, or by the longest beginning of one."""

__all__ = ["hint_for"]

_HINTS = {
    "annotation": "`pycosign verify` without -a shows the annotations that were signed",
    "artifact.digest-mismatch": "the signature is for another file or image: check that it is the one that was signed",
    "artifact.name-mismatch": "PyPI's attestations name the file: give it the name under which it was published",
    "batch": "each line is a JSON object with `artifact` and `bundle`",
    "bundle.none-accepted": "the message says why for each that the file holds: one that fits is enough",
    "cert.not-valid-at-time": "short-lived certificates need a log entry or signed timestamp of when they signed",
    "cert.untrusted": "the trust root may be of another Sigstore: see --trusted-root and `pycosign initialize`",
    "checkpoint.invalid": "the trust root may be of another Sigstore: see --trusted-root and `pycosign initialize`",
    "identity.mismatch": "the message names who signed; pass that to --certificate-identity only if you trust them",
    "image.no-matching-signatures": "the image is signed, but not as you demand: see `pycosign tree IMAGE`",
    "image.no-signatures": "`pycosign sign` signs an image; `pycosign tree IMAGE` shows what is stored beside one",
    "image.not-found": "check the name, the tag and the registry's host",
    "issuer.mismatch": "the message names the issuer; pass it to --certificate-oidc-issuer only if you trust it",
    "key.mismatch": "the signature was made with another key",
    "key.wrong-password": "the password comes from COSIGN_PASSWORD, or a prompt, or standard input with its newline",
    "legacy.cert-substitution": "a key inside a bundle never replaces the one you demand (GHSA-fx35-mq7g-6g98)",
    "malformed": "what was read may be cut off, or of another kind",
    "net": "this says nothing about the signature: try again when what could not be reached answers",
    "net.timeout": "--timeout gives it longer",
    "predicate-type": "what was signed is a statement of another kind",
    "registry": "this says nothing about the signature: try again when the registry answers",
    "registry.denied": "the registry knows you and does not let you: see `docker login`, or --registry-username",
    "registry.digest-mismatch": "the registry, or something between it and you, changed what was stored",
    "registry.unauthorized": "log in first: `docker login`, or --registry-username and --registry-password",
    "sct.invalid": "the trust root may lack the certificate log's key: see --trusted-root and `pycosign initialize`",
    "service": "the service understood the request and said no, for the reason that it gives",
    "signature.invalid": "the artifact, the signature or the key is not the one that belongs to the others",
    "timestamp.invalid": "the timestamp is not for this signature, or not of an authority in the trust root",
    "timestamp.missing": "sign with a timestamp authority to have one",
    "timestamp.outside-validity": "the signature was not made while its certificate was valid",
    "tlog": "the log entry does not belong to this signature, or was changed",
    "tlog.missing": "the signature is not in a transparency log; --insecure-ignore-tlog accepts that",
    "tlog.unknown-log": "the trust root may be of another Sigstore: see --trusted-root and `pycosign initialize`",
    "unavailable": "this says nothing about the signature: try again when what could not be reached answers",
}


def hint_for(code: str, family: str = "") -> str:
    """The hint for an error code, for the longest beginning of it, or for its family; "" if there is none."""
    while code:
        if code in _HINTS:
            return _HINTS[code]
        code = code.rpartition(".")[0]
    return _HINTS.get(family, "")
