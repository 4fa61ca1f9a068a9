"""What users' programs look like to a type checker: `make check` passes only if this file, with its mistakes, does."""

from pathlib import Path
from typing import assert_type

import pycosign
from pycosign.testing import Sandbox


def release(path: Path, sandbox: Sandbox) -> str:
    signer = pycosign.Identity("alice@example.com", issuer=pycosign.Regexp("https://.*"))
    assert_type(sandbox.sign_in("alice@example.com"), pycosign.Token)
    bundle = pycosign.sign_file(path, signer=sandbox.sign_in(), instance=sandbox.instance)
    assert_type(bundle, pycosign.Bundle)
    verified = pycosign.verify_file(path, bundle=bundle, signer=signer, trust=sandbox.instance.trust)
    assert_type(verified, pycosign.Verified)
    assert_type(verified.log_entries[0], pycosign.LoggedEntry)
    image = pycosign.verify_image("example.com/app", signer=signer, trust=pycosign.Trust.public(offline=True))
    assert_type(image, pycosign.VerifiedImage)
    verifier = pycosign.Verifier(signer=signer, trust=None, waive=pycosign.Waiver.TLOG)
    for judged in verifier.judge_files([(path, bundle), (b"content", "bundle.json")]):
        assert_type(judged.outcome, pycosign.Verified | pycosign.SigningError)
    try:
        verifier.verify_file(path, bundle=bundle)
    except pycosign.RefusedError as exc:
        assert_type(exc.causes, tuple[pycosign.SigningError, ...])
        return exc.code
    return image.name


def mistakes(path: Path, bundle: pycosign.Bundle, signer: pycosign.Identity, trust: pycosign.Trust) -> None:
    pycosign.verify_file(path, bundle=bundle, signer=signer)  # type: ignore[call-arg]  # no trust
    pycosign.verify_file(path, bundle=bundle, trust=trust)  # type: ignore[call-arg]  # nobody is demanded
    pycosign.verify_file(bundle=bundle, signer=signer, trust=trust)  # type: ignore[call-arg]  # no artifact
    pycosign.verify_file(path, bundle=bundle, signer="alice", trust=trust)  # type: ignore[arg-type]
    pycosign.verify_file(path, bundle=bundle, signer=signer, trust=trust, waive="tlog")  # type: ignore[arg-type]
    pycosign.verify_attestation(path, bundle=bundle, signer=signer, trust=trust)  # type: ignore[call-arg]
    pycosign.Identity("alice@example.com")  # type: ignore[call-arg]  # no issuer
    pycosign.sign_file(path, signer=signer, instance=None)  # type: ignore[arg-type]
    pycosign.nosuch  # type: ignore[attr-defined]  # noqa: B018
