"""The build's one step of its own: with PYCOSIGN_COMPILE=1 a wheel gets the rooms that verify as machine code.

mypyc makes it of the very source that everyone else runs, so there is no second verifier to keep in step; where a
module is there both ways, Python takes the compiled one. It needs a C compiler. See docs/adr/0004.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

_COMPILED = ("codec/*.py", "wire/*.py", "crypto/*.py", "verify/*.py")
# mypyc forgets the "from None" that keeps what was made of a private key out of tracebacks; and machine code that reads
# a file of any size does not stop at Ctrl-C, for only Python's own loop looks for signals.
_LEFT_OUT = frozenset(("crypto/signers.py", "crypto/keybox.py", "crypto/stream_digests.py"))
_SETUP = """
from mypyc.build import mypycify
from setuptools import setup
setup(name="pycosign", ext_modules=mypycify({words!r}, opt_level="2", debug_level="0"))
"""


class CompiledHook(BuildHookInterface):  # type: ignore[misc] # hatchling is not among what mypy sees
    """Compiles in a directory of its own: the checkout stays as it is, whatever happens."""

    PLUGIN_NAME = "custom"

    def dependencies(self) -> list[str]:
        """What compiling needs besides hatchling: mypy follows imports, however far off, for their types."""
        if not _is_wanted():
            return []
        dependencies: list[str] = self.metadata.core.dependencies
        return [*dependencies, "mypy>=1.13", "setuptools>=70", "types-PyYAML>=6.0"]

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Called before the wheel is packed; an editable install stays Python."""
        if not _is_wanted() or version == "editable":
            return
        self._scratch = tempfile.TemporaryDirectory(prefix="pycosign-build-")
        work = Path(self._scratch.name)
        package = work / "src" / "pycosign"
        shutil.copytree(Path(self.root, "src", "pycosign"), package, ignore=shutil.ignore_patterns("__pycache__"))
        shutil.copy(Path(self.root, "pyproject.toml"), work / "mypy.toml")
        words = ["--config-file=mypy.toml", *(f"src/pycosign/{name}" for name in _compiled(package))]
        (work / "setup.py").write_text(_SETUP.format(words=words))
        command = [sys.executable, "setup.py", "build_ext", "--build-lib", "lib", "--build-temp", "tmp"]
        done = subprocess.run(
            command, cwd=work, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
        )
        if done.returncode:
            raise RuntimeError(f"mypyc could not compile pycosign:\n{done.stdout[-4000:]}")
        libraries = [path for path in (work / "lib").rglob("*") if path.suffix in (".so", ".pyd")]
        if not libraries:
            raise RuntimeError(f"mypyc made no library:\n{done.stdout[-4000:]}")
        for library in libraries:
            build_data["force_include"][str(library)] = str(library.relative_to(work / "lib"))
        build_data["dependencies"] = ["librt>=0.6"]  # mypyc's own library: `codec.b64` uses it where it is there
        build_data["pure_python"] = False
        build_data["infer_tag"] = True

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:
        """Called when the wheel is packed."""
        if hasattr(self, "_scratch"):
            self._scratch.cleanup()


def _compiled(package: Path) -> list[str]:
    found = (path for pattern in _COMPILED for path in package.glob(pattern) if path.name != "__init__.py")
    return sorted({path.relative_to(package).as_posix() for path in found} - _LEFT_OUT)


def _is_wanted() -> bool:
    return os.environ.get("PYCOSIGN_COMPILE") == "1"
