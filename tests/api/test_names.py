"""`import pycosign`: cheap, lazy, and the same names for the interpreter, for type checkers and in the document."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import pycosign
import pycosign.testing

SOURCE = Path(pycosign.__file__).read_text()


def _imports_for_type_checkers() -> dict[str, str]:
    """name -> module, of the block under TYPE_CHECKING."""
    block = next(
        node
        for node in ast.parse(SOURCE).body
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"
    )
    return {
        alias.name: node.module or "" for node in block.body if isinstance(node, ast.ImportFrom) for alias in node.names
    }


def test_the_interpreter_and_type_checkers_find_each_name_in_the_same_place() -> None:
    lazily = {name: home for home, names in pycosign._HOMES.items() for name in names}
    assert lazily == _imports_for_type_checkers()
    assert set(pycosign.__all__) == {*lazily, "__version__"}


def test_every_name_is_there() -> None:
    assert [name for name in pycosign.__all__ if not hasattr(pycosign, name)] == []
    assert set(pycosign.__all__) <= set(dir(pycosign))
    assert pycosign.testing.Sandbox.__name__ == "Sandbox"


def test_the_package_says_that_it_is_typed() -> None:
    assert (Path(pycosign.__file__).parent / "py.typed").exists()


@pytest.mark.parametrize("module", ["pycosign", "pycosign.testing"])
def test_another_name_is_an_attribute_error(module: str) -> None:
    with pytest.raises(AttributeError):
        getattr(sys.modules[module], "verify_everything")  # noqa: B009 - a name that type checkers must not see


def _loaded(code: str) -> set[str]:
    done = subprocess.run(
        [sys.executable, "-c", f"import sys; {code}; print(*sys.modules)"], capture_output=True, text=True, check=True
    )
    return set(done.stdout.split())


def test_importing_the_package_loads_nothing_else() -> None:
    more = _loaded("import pycosign, pycosign.testing, pycosign.testing.pytest_plugin") - _loaded("import pytest")
    assert more == {
        "pycosign",
        "pycosign._version",
        "pycosign.testing",
        "pycosign.testing.pytest_plugin",
    }


SLOW = ("urllib3", "tuf", "yaml", "uvicorn", "asyncio", "cryptography.x509", "msgspec", "ssl", "dataclasses", "logging")


def test_verifying_files_loads_no_network_and_no_services() -> None:
    more = _loaded("import pycosign; pycosign.verify_file; pycosign.Trust; pycosign.Key; pycosign.Identity")
    assert [name for name in SLOW if name in more] == []
    ours = ("pycosign.net", "pycosign.oci", "pycosign.clients", "pycosign.stack", "pycosign.cli")
    assert [name for name in more if name.startswith(ours)] == []
