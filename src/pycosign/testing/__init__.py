"""For tests, yours and ours: a whole Sigstore in this process, with a clock that you set.

Importing this package is cheap; the sandbox and its services are loaded when `Sandbox` is first used.
"""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pycosign.testing.sandbox import Sandbox, SettableClock

__all__ = ["Sandbox", "SettableClock"]

if not TYPE_CHECKING:  # a type checker that saw this would take every name for one of ours

    def __getattr__(name: str) -> object:
        if name not in __all__:
            raise AttributeError(f"module 'pycosign.testing' has no attribute {name!r}")
        from pycosign.testing import sandbox

        found: object = getattr(sandbox, name)
        globals()[name] = found
        return found
