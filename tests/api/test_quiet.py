"""The library prints nothing, and reads no variable that its documentation does not name."""

import os
from collections.abc import Iterator, Mapping

import pytest

import pycosign
from pycosign.testing import Sandbox
from tests.recordings import recorded_file


class Watched(Mapping[str, str]):
    """Variables, and which of them were asked for."""

    def __init__(self, variables: Mapping[str, str]) -> None:
        self._variables = variables
        self.asked: set[str] = set()

    def __getitem__(self, name: str) -> str:
        self.asked.add(name)
        return self._variables[name]

    def __iter__(self) -> Iterator[str]:
        self.asked.add("all of them")
        return iter(self._variables)

    def __len__(self) -> int:
        return len(self._variables)


def test_verifying_a_file_under_given_trust_reads_no_variable() -> None:
    watched = Watched(dict(os.environ))
    bundle, root = recorded_file("bundle-cosign3-blob-rekor-v2.json"), recorded_file("file-trusted_root.json")
    with pytest.MonkeyPatch.context() as patch:  # only for the call: pytest has variables of its own
        patch.setattr(os, "environ", watched)
        pycosign.verify_file(
            b"hello\n",
            bundle=bundle,
            signer=pycosign.Identity("test@example.com", issuer="http://127.0.0.1:8080"),
            trust=pycosign.Trust.from_json(root),
        )
    assert watched.asked == set()


def test_nothing_is_printed(sandbox: Sandbox, capfd: pytest.CaptureFixture[str]) -> None:
    image = sandbox.push_image("api/quiet")
    pycosign.sign_image(image, signer=sandbox.sign_in(), instance=sandbox.instance)
    pycosign.verify_image(image, signer=sandbox.identity(), trust=sandbox.instance.trust)
    bundle = pycosign.sign_file(b"x", signer=sandbox.sign_in(), instance=sandbox.instance)
    with pytest.raises(pycosign.RefusedError):
        pycosign.verify_file(b"y", bundle=bundle, signer=sandbox.identity(), trust=sandbox.instance.trust)
    assert capfd.readouterr() == ("", "")
