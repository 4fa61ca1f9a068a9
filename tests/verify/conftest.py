"""One world for a module: making its keys costs more than the tests do."""

import pytest

from tests.verify.factory import World


@pytest.fixture(scope="module")
def world() -> World:
    return World()
