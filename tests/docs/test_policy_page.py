"""The sessions of docs/policy.md run as they are written; its tables name what there is."""

import re

import pytest

from pycosign.verify.fulcio_claims import CLAIM_NUMBERS
from tests.docs.test_readme import BLOCK, ROOT, _run
from tests.docs.test_readme import home as home
from tests.interop.environment import Home

PAGE = (ROOT / "docs" / "policy.md").read_text()
BLOCKS = {name: code for name, _language, code in BLOCK.findall(PAGE)}


def test_the_sessions_work_as_written(home: Home) -> None:
    said = _run(home, "".join(BLOCKS.values()))
    assert said.count("Verified OK") == 6
    assert "one of two: exit status 1\n" in said
    assert "policy: 2 distinct signer(s) of 2 demanded: foo@bar.com (" in said
    assert "Policy two.yaml: 2 distinct signer(s) of 2 demanded\n" in said
    assert "So it is verified: hello.txt has the signers that the policy demands.\n" in said
    assert "is revoked by the revocation list revoked.json: it only says hello" in said
    assert "revoked: exit status 1\n" in said
    assert said.index("code: signers.threshold\n") < said.index("code: revoked.artifact")


def test_the_page_names_every_claim_in_order() -> None:
    rows = re.findall(r"^\| (`issuer.*?) \| \d+ to \d+ \|$", PAGE, re.MULTILINE)
    assert [name for row in rows for name in re.findall(r"`(\w+)`", row)] == list(CLAIM_NUMBERS)


CODE = re.compile(r"`((?:revo|signers|key|claim|tlog|timestamp)\w*\.[a-z-]+)`")


@pytest.mark.parametrize("code", sorted(set(CODE.findall(PAGE))))
def test_every_code_on_the_page_is_one(code: str) -> None:
    assert f"| `{code}` |" in (ROOT / "docs" / "errors.md").read_text()
