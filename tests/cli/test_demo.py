"""`pycosign demo` tells the whole story, and counts what does not behave."""

import subprocess
import sys

import pytest

from pycosign.cli.demo import story
from pycosign.cli.demo.teller import Teller
from pycosign.net.deadline import Deadline

REFUSALS = ("image.no-signatures", "artifact.digest-mismatch", "signature.invalid", "identity.mismatch")


def test_the_demo_ends_with_status_0_and_shows_each_refusal_with_its_code() -> None:
    done = subprocess.run([sys.executable, "-m", "pycosign", "demo"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    for code in REFUSALS:
        assert f"   refused     {code}\n" in done.stdout
    for label in ("verified", "identity", "issuer", "time", "log entry", "referrer"):
        assert f"\n   {label:<12}" in done.stdout
    assert "\x1b" not in done.stdout


def test_a_step_that_does_not_behave_is_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(story, "_edited", lambda bundle, old, new: bundle)
    said: list[str] = []
    teller = Teller(said.append, color=False)
    story.tell(teller, Deadline.after(60))
    assert teller.misbehaved == 1
    assert "instead of signature.invalid" in "".join(said)
