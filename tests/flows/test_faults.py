"""A service fails while signing: nothing is stored, nothing is claimed, and the error says which one."""

import io
from collections.abc import Callable

import pytest

from pycosign.clients.oidc import parse_identity_token
from pycosign.errors import ServiceRejectedError, SigningError, UnavailableError
from pycosign.flows.sign_blob import sign_blob
from pycosign.flows.sign_image import ImageSigning, sign_image
from pycosign.flows.signing import KeylessSigning, SigningContext
from pycosign.flows.tree import image_tree
from pycosign.net.deadline import Deadline
from pycosign.net.http import HttpClient, RetryPolicy
from pycosign.sign.services import LogService
from tests.flows.tools import Workshop, new_key

NOBODY = "http://127.0.0.1:9"  # the discard port: nobody listens


def without_authority(context: SigningContext) -> SigningContext:
    return context._replace(services=context.services._replace(fulcio_url=NOBODY))


def without_timestamps(context: SigningContext) -> SigningContext:
    return context._replace(services=context.services._replace(timestamp_urls=(NOBODY,)))


def without_log(context: SigningContext) -> SigningContext:
    return context._replace(services=context.services._replace(logs=(LogService(NOBODY, 2),)))


@pytest.mark.parametrize("broken", [without_authority, without_timestamps, without_log])
def test_a_service_that_is_away_leaves_nothing_behind(
    workshop: Workshop, broken: Callable[[SigningContext], SigningContext]
) -> None:
    image = workshop.push_image("t/faults", content=broken.__name__.encode())
    impatient = HttpClient(Deadline.after(20), retry_policy=RetryPolicy(retries=0))
    context = broken(workshop.keyless(workshop.v2, http=impatient))
    with pytest.raises(UnavailableError, match=r"127\.0\.0\.1:9"):
        sign_image(image, registry=workshop.registry, context=context)
    assert image_tree(image, registry=workshop.registry).groups == ()


def test_a_deadline_ends_signing(workshop: Workshop) -> None:
    late = HttpClient(Deadline.after(0))
    with pytest.raises(UnavailableError) as caught:
        sign_blob(io.BytesIO(b"x"), context=workshop.keyless(workshop.v2, http=late))
    assert caught.value.code == "net.timeout"


def test_an_expired_token_is_refused_in_the_authoritys_words(workshop: Workshop) -> None:
    from datetime import timedelta

    token = parse_identity_token(workshop.sandbox.token("late@example.com"))
    workshop.sandbox.advance(timedelta(hours=3))
    try:
        context = workshop.keyless(workshop.v2)._replace(means=KeylessSigning(token))
        with pytest.raises(ServiceRejectedError, match="identity token"):
            sign_blob(io.BytesIO(b"x"), context=context)
    finally:
        workshop.sandbox.advance(-timedelta(hours=3))


def test_a_log_that_answers_with_another_entry_is_caught_before_anything_leaves(
    workshop: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    image = workshop.push_image("t/liar", content=b"liar")
    first = sign_blob(io.BytesIO(b"x"), context=workshop.keyed(new_key(), workshop.v1))
    monkeypatch.setattr("pycosign.clients.rekor_v1.add_entry", lambda *arguments: first.log_entries[0])
    with pytest.raises(SigningError) as caught:
        sign_image(image, registry=workshop.registry, context=workshop.keyed(new_key(), workshop.v1))
    assert caught.value.code == "tlog.entry-mismatch"
    assert image_tree(image, registry=workshop.registry).groups == ()


def test_an_image_that_is_not_there_is_not_signed(workshop: Workshop) -> None:
    kept: list[bytes | None] = []
    name = f"{workshop.sandbox.registry}/t/gone@sha256:" + "1" * 64
    with pytest.raises(SigningError):
        sign_image(
            name,
            registry=workshop.registry,
            context=workshop.keyed(new_key(), workshop.v1),
            how=ImageSigning(),
            before_push=lambda signed: kept.append(signed.bundle),
        )
    assert kept == []
