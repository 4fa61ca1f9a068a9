"""Requests and answers as go-openapi's servers, Rekor v1 among them, read and give them."""

import json
import re
from http import HTTPStatus
from typing import Final

from pycosign.codec.strict_json import Fields, JsonValue, canonical_json, compact_json, load_json
from pycosign.errors import MalformedError, SigningError
from pycosign.limits import REQUEST_BYTES
from pycosign.stack.asgi import Request, Response

__all__ = [
    "ENUM",
    "PATTERN",
    "REQUIRED",
    "AnswerError",
    "body_fields",
    "body_list",
    "check_method",
    "json_answer",
    "query_number",
    "refusal",
    "request_value",
]

# codes in the body of an answer whose status is 422
WRONG_TYPE: Final = 601
REQUIRED: Final = 602
PATTERN: Final = 605
ENUM: Final = 606
MINIMUM: Final = 609
_DECIMAL = re.compile(r"-?[0-9]{1,19}", re.ASCII)


class AnswerError(SigningError):
    """An answer that is not the entry: its status, the body's own code and text, headers beside the usual."""

    def __init__(self, status: int, message: str, *, body_code: int | None = None, location: str = "") -> None:
        self.status, self.location = status, location
        self.body_code = status if body_code is None else body_code
        super().__init__(message)


def check_method(request: Request, method: str, allowed: str) -> None:
    """Raises AnswerError 405, which names the methods that are allowed."""
    if request.method != method:
        message = f"method {request.method} is not allowed, but [{allowed}] are"
        raise AnswerError(HTTPStatus.METHOD_NOT_ALLOWED, message)


def request_value(request: Request) -> JsonValue:
    """The request's JSON.

    Raises: AnswerError: 415 another media type; 500 not JSON; 400 JSON that two readers may read differently.
    """
    media_type = request.content_type() or "application/octet-stream"
    if media_type != "application/json":
        message = f'unsupported media type "{media_type}", only [application/json] are allowed'
        raise AnswerError(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, message)
    try:
        return load_json(request.body, what="request", max_bytes=REQUEST_BYTES)
    except MalformedError as exc:
        try:
            json.loads(request.body)
        except (ValueError, RecursionError):
            raise AnswerError(HTTPStatus.INTERNAL_SERVER_ERROR, str(exc)) from exc
        raise AnswerError(HTTPStatus.BAD_REQUEST, str(exc)) from exc


def body_fields(value: JsonValue, what: str) -> Fields:
    """The members of the request's object. Raises AnswerError 422: it is none."""
    try:
        return Fields(value, what, protojson=False)
    except MalformedError as exc:
        raise AnswerError(HTTPStatus.UNPROCESSABLE_ENTITY, str(exc)) from exc


def body_list(query: Fields, name: str, kind: type) -> list[JsonValue]:
    """A member that is a list of one type; absent: empty. Raises AnswerError 422."""
    value = query.optional_value(name) or []
    if not isinstance(value, list) or not all(type(item) is kind for item in value):
        raise AnswerError(HTTPStatus.UNPROCESSABLE_ENTITY, f"{name} in body must be a list of {kind.__name__}")
    return value


def query_number(request: Request, name: str, *, minimum: int, default: int | None = None) -> int:
    """A number in the query. Raises AnswerError 422: missing without a default, not a number, too small."""
    text = request.query().get(name, "")
    problem = None
    if not text and default is not None:
        return default
    if not text:
        problem = f"{name} in query is required", REQUIRED
    elif not _DECIMAL.fullmatch(text):
        problem = f"{name} in query must be of type int64: {json.dumps(text[:40])}", WRONG_TYPE
    elif int(text) < minimum:
        problem = f"{name} in query should be greater than or equal to {minimum}", MINIMUM
    if problem is not None:
        raise AnswerError(HTTPStatus.UNPROCESSABLE_ENTITY, problem[0], body_code=problem[1])
    return int(text)


def json_answer(value: JsonValue) -> Response:
    """200 with JSON, ended by a newline as Go's encoder does."""
    return Response(HTTPStatus.OK, compact_json(value) + b"\n")


def refusal(answer: AnswerError) -> Response:
    """The answer of an error; 404 for an entry that does not exist has an empty body."""
    if answer.status == HTTPStatus.NOT_FOUND and not str(answer):
        return Response(answer.status, b"")
    body = canonical_json({"code": answer.body_code, "message": str(answer)})
    headers = (("Location", answer.location),) if answer.location else ()
    return Response(answer.status, body + b"\n", headers=headers)
