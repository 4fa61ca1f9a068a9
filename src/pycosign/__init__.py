"""Cosign for Python people: sign and verify files and container images.

Importing this package is cheap; names are loaded when they are first used. docs/api.md lists them.
"""

from pycosign._version import __version__

TYPE_CHECKING = False  # `typing` itself costs more than this file
if TYPE_CHECKING:
    from pycosign.api.files import ArtifactSource, Bundle, BundleSource, Digest, FileSource
    from pycosign.api.instance import Instance
    from pycosign.api.means import Password, PrivateKey, Token
    from pycosign.api.policy import Policy
    from pycosign.api.registries import RegistryAccess
    from pycosign.api.results import JudgedFile, VerifiedImage
    from pycosign.api.signers import Identity, Key, Regexp, Signer
    from pycosign.api.signing import SignedImage, attest_file, attest_statement, sign_file, sign_image, sign_index
    from pycosign.api.trust import Trust
    from pycosign.api.verifier import Verifier
    from pycosign.api.verifying import verify_attestation, verify_file, verify_image, verify_signers
    from pycosign.errors import MalformedError, RefusedError, SigningError, UnavailableError, UsageError
    from pycosign.verify.log import LoggedEntry
    from pycosign.verify.requirements import Waiver
    from pycosign.verify.result import Verdict, Verified
    from pycosign.verify.times import VerifiedTime

__all__ = [
    "ArtifactSource",
    "Bundle",
    "BundleSource",
    "Digest",
    "FileSource",
    "Identity",
    "Instance",
    "JudgedFile",
    "Key",
    "LoggedEntry",
    "MalformedError",
    "Password",
    "Policy",
    "PrivateKey",
    "RefusedError",
    "Regexp",
    "RegistryAccess",
    "SignedImage",
    "Signer",
    "SigningError",
    "Token",
    "Trust",
    "UnavailableError",
    "UsageError",
    "Verdict",
    "Verified",
    "VerifiedImage",
    "VerifiedTime",
    "Verifier",
    "Waiver",
    "__version__",
    "attest_file",
    "attest_statement",
    "sign_file",
    "sign_image",
    "sign_index",
    "verify_attestation",
    "verify_file",
    "verify_image",
    "verify_signers",
]

_HOMES = {  # module -> the names that live there; tests hold this, __all__ and the imports above together
    "pycosign.api.files": ("ArtifactSource", "Bundle", "BundleSource", "Digest", "FileSource"),
    "pycosign.api.instance": ("Instance",),
    "pycosign.api.means": ("Password", "PrivateKey", "Token"),
    "pycosign.api.policy": ("Policy",),
    "pycosign.api.registries": ("RegistryAccess",),
    "pycosign.api.results": ("JudgedFile", "VerifiedImage"),
    "pycosign.api.signers": ("Identity", "Key", "Regexp", "Signer"),
    "pycosign.api.signing": (
        "SignedImage",
        "attest_file",
        "attest_statement",
        "sign_file",
        "sign_image",
        "sign_index",
    ),
    "pycosign.api.trust": ("Trust",),
    "pycosign.api.verifier": ("Verifier",),
    "pycosign.api.verifying": ("verify_attestation", "verify_file", "verify_image", "verify_signers"),
    "pycosign.errors": ("MalformedError", "RefusedError", "SigningError", "UnavailableError", "UsageError"),
    "pycosign.verify.requirements": ("Waiver",),
    "pycosign.verify.log": ("LoggedEntry",),
    "pycosign.verify.result": ("Verdict", "Verified"),
    "pycosign.verify.times": ("VerifiedTime",),
}

if not TYPE_CHECKING:  # a type checker that saw this would take every name for one of ours

    def __getattr__(name: str) -> object:
        for home, names in _HOMES.items():
            if name in names:
                from importlib import import_module

                found: object = getattr(import_module(home), name)
                globals()[name] = found
                return found
        raise AttributeError(f"module 'pycosign' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
