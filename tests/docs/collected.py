"""`python -m tests.docs.collected ID...`: what pytest finds under test ids, as JSON {id: markers}.

In a process of its own, for pytest does not collect inside a test.
"""

import contextlib
import io
import json
import sys

import pytest


class _Collector:
    def __init__(self) -> None:
        self.found: dict[str, list[str]] = {}

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        for item in items:
            self.found[item.nodeid] = [marker.name for marker in item.iter_markers()]


def main(ids: list[str]) -> int:
    collector = _Collector()
    with contextlib.redirect_stdout(io.StringIO()):
        pytest.main(["--collect-only", "-q", "-p", "no:cacheprovider", *ids], plugins=[collector])
    print(json.dumps(collector.found))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
