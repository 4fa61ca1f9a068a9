"""The fixture that pytest finds by itself wherever pycosign is installed."""

import os
import subprocess
import sys
from pathlib import Path

TEST = """
import sys
import pycosign

def test_nothing_was_loaded_before_it_was_needed():
    assert "pycosign.testing.sandbox" not in sys.modules

def test_a_file_is_signed_and_verified(pycosign_sandbox):
    sandbox = pycosign_sandbox
    bundle = pycosign.sign_file(b"x", signer=sandbox.sign_in("a@example.com"), instance=sandbox.instance)
    signer = sandbox.identity("a@example.com")
    assert pycosign.verify_file(b"x", bundle=bundle, signer=signer, trust=sandbox.instance.trust).identity
"""


def test_a_project_uses_the_fixture(tmp_path: Path) -> None:
    (tmp_path / "test_it.py").write_text(TEST)
    command = [sys.executable, "-m", "pytest", "-q", "-p", "pycosign.testing.pytest_plugin", "-p", "no:cacheprovider"]
    environment = {**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}  # an installed one brings it by itself
    done = subprocess.run([*command, str(tmp_path)], capture_output=True, text=True, cwd=tmp_path, env=environment)
    assert "2 passed" in done.stdout, done.stdout


def test_the_entry_point_names_the_plugin() -> None:
    import tomllib

    project = tomllib.loads((Path(__file__).resolve().parents[2] / "pyproject.toml").read_text())["project"]
    assert project["entry-points"]["pytest11"] == {"pycosign": "pycosign.testing.pytest_plugin"}
