"""Run by sigstore-python's own interpreter: questions as JSON on stdin, answers ("" or the refusal) on stdout."""

import hashlib
import json
import sys
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any


@cache
def _verifier(path: str) -> Any:
    """One for each trust root: reading it costs more than a bundle does."""
    trusted_root = import_module("sigstore.models").TrustedRoot.from_file(path)
    return import_module("sigstore.verify").Verifier(trusted_root=trusted_root)


def judge(question: dict[str, Any]) -> str:
    """ "" if sigstore-python accepts, else its words."""
    hashes, models = import_module("sigstore.hashes"), import_module("sigstore.models")
    policies = import_module("sigstore.verify.policy")
    algorithms = import_module("sigstore_models.common.v1").HashAlgorithm
    try:
        verifier = _verifier(question["trust"])
        bundle = models.Bundle.from_json(Path(question["bundle"]).read_bytes())
        demanded = policies.Identity(identity=question["identity"], issuer=question["issuer"])
        artifact = question["artifact"]
        algorithm, _, digits = artifact.partition(":")
        by_digest = algorithm in ("sha256", "sha384", "sha512")
        content = b"" if by_digest else Path(artifact).read_bytes()
        if bundle._dsse_envelope is not None:  # the library tells the two kinds apart by this alone
            _, payload = verifier.verify_dsse(bundle, demanded)
            known = {algorithm: digits} if by_digest else _digests(content)
            subjects = json.loads(payload)["subject"]
            if not any(known.get(name) == text for subject in subjects for name, text in subject["digest"].items()):
                return "no subject is the artifact"
        elif by_digest:
            known_by = algorithms[f"SHA2_{algorithm.removeprefix('sha')}"]
            hashed = hashes.Hashed(algorithm=known_by, digest=bytes.fromhex(digits))
            verifier.verify_artifact(hashed, bundle, demanded)
        else:
            verifier.verify_artifact(content, bundle, demanded)
    except Exception as refusal:  # noqa: BLE001 - whatever it raises, it refuses; the words go into the table
        return f"{type(refusal).__name__}: {refusal}".splitlines()[0] or "refused"
    return ""


def _digests(content: bytes) -> dict[str, str]:
    return {name: hashlib.new(name, content).hexdigest() for name in ("sha256", "sha384", "sha512")}


if __name__ == "__main__":
    questions = json.load(sys.stdin)
    json.dump([None if question is None else judge(question) for question in questions], sys.stdout)
