"""What is done to generated bundles: one name, one wrong thing, everything else right and rightly signed."""

from typing import Final

from tests.mutation.changes import contents, forms, logs, signers
from tests.mutation.changes.tools import Change

__all__ = ["CHANGES", "Change"]

CHANGES: Final[tuple[Change, ...]] = (*signers.CHANGES, *contents.CHANGES, *logs.CHANGES, *forms.CHANGES)
