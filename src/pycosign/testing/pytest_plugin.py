"""The fixture `pycosign_sandbox`, for every project whose tests run where pycosign is installed.

pytest loads this module by its entry point; nothing else of pycosign is loaded before a test asks for the fixture.
"""

from collections.abc import Iterator

import pytest

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pycosign.testing.sandbox import Sandbox

__all__ = ["pycosign_sandbox"]


@pytest.fixture
def pycosign_sandbox() -> "Iterator[Sandbox]":
    """A private Sigstore for one test (about 0.3 s): certificates, logs, timestamps, tokens and a registry.

    Returns: a `Sandbox` that runs until the test ends.
    Raises:  as `Sandbox` on entering.
    """
    from pycosign.testing.sandbox import Sandbox

    with Sandbox() as sandbox:
        yield sandbox
