"""Timestamps, and the form of the JSON."""

import json
from collections.abc import Callable
from datetime import timedelta
from random import Random
from typing import Any

from pycosign.wire.bundle import Bundle
from tests.mutation.changes.tools import (
    GOOD,
    HOUR,
    SPELLING,
    WRONG,
    BundleEdit,
    Change,
    PlanEdit,
    TextEdit,
    always,
    both,
    certified,
    flip,
    keyed,
    logged,
    neither,
    on_text,
    promised,
    respelled,
    settings,
    signature_of,
    stamped,
)
from tests.mutation.generated import MEDIA_TYPES, Plan, another_world, signer
from tests.verify.factory import SIGNED_AT


def material(value: dict[str, Any]) -> dict[str, Any]:
    material: dict[str, Any] = value["verificationMaterial"]
    return material


def first_entry(value: dict[str, Any]) -> dict[str, Any]:
    entry: dict[str, Any] = material(value)["tlogEntries"][0]
    return entry


def with_members(where: Callable[[dict[str, Any]], dict[str, Any]], **members: Any) -> TextEdit:
    return on_text(lambda value: where(value).update(members))


def snake_case(value: Any) -> Any:
    if isinstance(value, list):
        return [snake_case(item) for item in value]
    if not isinstance(value, dict):
        return value
    return {
        "".join("_" + c.lower() if c.isupper() else c for c in name): snake_case(item) for name, item in value.items()
    }


def as_numbers(value: Any) -> Any:
    if isinstance(value, list):
        return [as_numbers(item) for item in value]
    if isinstance(value, dict):
        names = ("logIndex", "integratedTime", "treeSize")
        return {name: int(item) if name in names else as_numbers(item) for name, item in value.items()}
    return value


def stamp_at(delta: timedelta) -> PlanEdit:
    return settings(stamped_at=SIGNED_AT + delta)


def on_stamps(make: Callable[[Bundle, Plan, Random], tuple[bytes, ...]]) -> BundleEdit:
    return lambda bundle, plan, rng: bundle._replace(timestamps=make(bundle, plan, rng))


CHANGES: tuple[Change, ...] = (
    # -- timestamps
    Change(
        "no timestamp", WRONG, both(certified, stamped, neither(promised)), bundle=on_stamps(lambda b, plan, rng: ())
    ),
    Change(
        "a bit of the timestamp",
        SPELLING,
        stamped,
        bundle=on_stamps(lambda b, plan, rng: (flip(b.timestamps[0], rng),)),
    ),
    Change(
        "a timestamp of another signature",
        WRONG,
        stamped,
        bundle=on_stamps(lambda b, plan, rng: (plan.world.stamp(b"another signature", plan.stamped_at),)),
    ),
    Change(
        "a timestamp of an unknown authority",
        WRONG,
        both(certified, stamped, neither(promised)),
        bundle=on_stamps(lambda b, plan, rng: (another_world().stamp(signature_of(b), plan.stamped_at),)),
    ),
    Change(
        "a timestamp of an unknown authority, with its certificates",
        WRONG,
        both(certified, stamped, neither(promised)),
        bundle=on_stamps(
            lambda b, plan, rng: (another_world().stamp(signature_of(b), plan.stamped_at, certificates=True),)
        ),
    ),
    Change(
        "a timestamp by another key in the authority's name",
        WRONG,
        stamped,
        settings(stamp={"signer": signer("ecdsa-p256", 9)}),
    ),
    Change("stamped before the certificate", WRONG, both(certified, stamped), stamp_at(-HOUR)),
    Change("stamped after the certificate", WRONG, both(certified, stamped), stamp_at(HOUR)),
    Change("stamped before the authority was trusted", WRONG, both(certified, stamped), stamp_at(-timedelta(days=400))),
    Change(
        "two timestamps",
        GOOD,
        stamped,
        bundle=on_stamps(
            lambda b, plan, rng: (
                *b.timestamps,
                plan.world.stamp(signature_of(b), plan.stamped_at + timedelta(seconds=5)),
            )
        ),
    ),
    Change("the same timestamp twice", SPELLING, stamped, bundle=on_stamps(lambda b, plan, rng: b.timestamps * 2)),
    Change("a timestamp with its certificate", GOOD, stamped, settings(stamp={"certificates": True})),
    # -- form
    Change("an unknown member", SPELLING, always, text=with_members(lambda value: value, unknown=1)),
    Change("an unknown member of the material", SPELLING, always, text=with_members(material, unknown={})),
    Change(
        "a member twice",
        SPELLING,
        always,
        text=lambda value, rng: json.dumps(value).replace('"mediaType"', '"mediaType": "x", "mediaType"', 1),
    ),
    Change(
        "the content twice",
        SPELLING,
        always,
        text=lambda value, rng: (
            json.dumps(value)[:-1]
            + ","
            + json.dumps({name: value[name] for name in ("dsseEnvelope", "messageSignature") if name in value})[1:]
        ),
    ),
    Change(
        "two kinds of key material",
        WRONG,
        always,
        text=on_text(
            lambda value: material(value).update(
                {"publicKey": {"hint": "x"}}
                if "publicKey" not in material(value)
                else {"certificate": {"rawBytes": "AAAA"}}
            )
        ),
    ),
    Change(
        "two kinds of content",
        WRONG,
        always,
        text=on_text(
            lambda value: value.update(
                {"messageSignature": {"signature": "AAAA"}}
                if "dsseEnvelope" in value
                else {"dsseEnvelope": {"payload": "AAAA", "payloadType": "x", "signatures": [{"sig": "AAAA"}]}}
            )
        ),
    ),
    Change("names in snake_case", SPELLING, always, text=lambda value, rng: snake_case(value)),
    Change("integers as numbers", SPELLING, logged, text=lambda value, rng: as_numbers(value)),
    Change("a null member", SPELLING, always, text=with_members(lambda value: value, unknown=None)),
    Change("line breaks in base64", SPELLING, always, text=respelled(lambda text: text[:8] + "\n" + text[8:])),
    Change("base64 of URLs", SPELLING, always, text=respelled(lambda text: text.replace("+", "-").replace("/", "_"))),
    Change("base64 without padding", SPELLING, always, text=respelled(lambda text: text.rstrip("="))),
    Change("text after the bundle", SPELLING, always, text=lambda value, rng: json.dumps(value) + " x"),
    Change("white space around the bundle", GOOD, always, text=lambda value, rng: "\n " + json.dumps(value) + "\n"),
    Change("indented", GOOD, always, text=lambda value, rng: json.dumps(value, indent=2)),
    Change(
        "an unknown version",
        SPELLING,
        always,
        text=with_members(lambda value: value, mediaType="application/vnd.dev.sigstore.bundle.v0.4+json"),
    ),
    Change("no media type", SPELLING, always, text=on_text(lambda value: value.pop("mediaType"))),
    Change("called 0.1", SPELLING, always, text=with_members(lambda value: value, mediaType=MEDIA_TYPES["0.1"])),
    Change("called 0.2", SPELLING, always, text=with_members(lambda value: value, mediaType=MEDIA_TYPES["0.2"])),
    Change("called 0.3", SPELLING, always, text=with_members(lambda value: value, mediaType=MEDIA_TYPES["0.3"])),
    Change("another key hint", GOOD, keyed, bundle=lambda b, plan, rng: b._replace(key_hint="another")),
    Change("no log index", SPELLING, logged, text=on_text(lambda value: first_entry(value).pop("logIndex"))),
)
