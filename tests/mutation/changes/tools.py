"""What a change is, for which kinds of bundles, and the tools that changes are made with.

A change works on the plan (before anything is signed, so what is wrong is well signed), on the bundle (after), or on
the JSON text. `Truth` says what the result is worth.
"""

import hashlib
import json
from collections.abc import Callable
from datetime import timedelta
from random import Random
from typing import Any, NamedTuple

from pycosign.verify.evidence import evidence_from_bundle
from pycosign.wire.bundle import Bundle
from tests.mutation.generated import Plan, Recipe, Truth, document, the_world

Applies = Callable[[Recipe], bool]

PlanEdit = Callable[[Plan], None]

BundleEdit = Callable[[Bundle, Plan, Random], Bundle]

TextEdit = Callable[[dict[str, Any], Random], dict[str, Any] | str]

GOOD, WRONG, SPELLING = Truth.GOOD, Truth.WRONG, Truth.SPELLING


class Change(NamedTuple):
    """One thing that is done; exactly one of the three edits is there, or none for the bundle as it is."""

    name: str
    truth: Truth
    applies: Applies
    plan: PlanEdit | None = None
    bundle: BundleEdit | None = None
    text: TextEdit | None = None

    def make(self, recipe: Recipe, rng: Random) -> str:
        """The bundle's JSON."""
        plan = Plan(the_world(), recipe)
        if self.plan is not None:
            self.plan(plan)
        bundle, _ = plan.make()
        if self.bundle is not None:
            bundle = self.bundle(bundle, plan, rng)
        value: dict[str, Any] | str = document(bundle)
        if self.text is not None:
            assert isinstance(value, dict)
            value = self.text(value, rng)
        return value if isinstance(value, str) else json.dumps(value, separators=(",", ":"))


def always(recipe: Recipe) -> bool:
    return True


def certified(recipe: Recipe) -> bool:
    return recipe.has_certificate


def keyed(recipe: Recipe) -> bool:
    return not recipe.has_certificate


def logged(recipe: Recipe) -> bool:
    return recipe.has_log


def promised(recipe: Recipe) -> bool:
    return recipe.proved_by in ("promise", "both")


def proved(recipe: Recipe) -> bool:
    return recipe.proved_by in ("inclusion", "both")


def stamped(recipe: Recipe) -> bool:
    return recipe.stamps > 0


def message(recipe: Recipe) -> bool:
    return recipe.content == "message"


def envelope(recipe: Recipe) -> bool:
    return recipe.content == "envelope"


def both(*conditions: Applies) -> Applies:
    return lambda recipe: all(condition(recipe) for condition in conditions)


def neither(condition: Applies) -> Applies:
    return lambda recipe: not condition(recipe)


def settings(**values: Any) -> PlanEdit:
    def edit(plan: Plan) -> None:
        for name, value in values.items():
            setattr(plan, name, value)

    return edit


def flip(raw: bytes, rng: Random) -> bytes:
    changed = bytearray(raw)
    changed[rng.randrange(len(raw))] ^= 1 << rng.randrange(8)
    return bytes(changed)


def signature_of(bundle: Bundle) -> bytes:
    return evidence_from_bundle(bundle).signature


def another(plan: Plan, **values: Any) -> Bundle:
    """Another good bundle of the same kind by the same signer, with a certificate of its own."""
    other = Plan(plan.world, plan.recipe)
    settings(**values)(other)
    return other.make()[0]


def on_text(edit: Callable[[dict[str, Any]], None]) -> TextEdit:
    def changed(value: dict[str, Any], rng: Random) -> dict[str, Any]:
        edit(value)
        return value

    return changed


def content_of(value: dict[str, Any]) -> dict[str, Any]:
    content: dict[str, Any] = value.get("dsseEnvelope") or value["messageSignature"]
    return content


def signature_member(value: dict[str, Any]) -> tuple[dict[str, Any], str]:
    content = content_of(value)
    return (content["signatures"][0], "sig") if "signatures" in content else (content, "signature")


def respelled(change: Callable[[str], str]) -> TextEdit:
    def edit(value: dict[str, Any]) -> None:
        place, name = signature_member(value)
        place[name] = change(place[name])

    return on_text(edit)


def other_artifact() -> dict[str, Any]:
    return {"artifact": b"another artifact\n", "statement": another_statement()}


def another_statement() -> dict[str, Any]:
    made: dict[str, Any] = Plan(the_world(), PLAIN).statement
    made["subject"] = [{"name": "artifact", "digest": {"sha256": hashlib.sha256(b"another artifact\n").hexdigest()}}]
    return made


PLAIN = Recipe("key", "ecdsa-p256", "envelope", "none", "", 0, "0.3")

HOUR = timedelta(hours=1)
