"""What the server says of itself at /openapi.json: the plain endpoints, by OpenAPI 3.1. Made of the messages' own
types, so that it cannot say anything else than what is read and written.
"""

from __future__ import annotations

import base64
import inspect
from collections.abc import Mapping
from functools import cache
from importlib.metadata import version
from typing import Any, Final

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from csr_desktop.protocol import (
    MEDIA_TYPE,
    SCHEMA_HEADER,
    SERVED,
    VERSION_HEADER,
    ChallengeReply,
    Problem,
    SignInReply,
    SignInRequest,
    TokenReply,
    TokenRequest,
)
from csr_desktop.server.sign_in import KEY_BYTES

OPENAPI_TYPE: Final = "application/openapi+json;version=3.1"
_KEY_LETTERS: Final = len(base64.b64encode(bytes(KEY_BYTES)))
_JSON: Final = "application/json"
_TEXT: Final = {"type": "string"}
_WORDS: Final = (
    "What a monitor asks, and how a workstation gets in. Everything below /api/1/ is MessagePack, a struct as a map, "
    "plain or in zstd; its schemas here are of the decoded messages, bytes shown as base64 text. Pushes, pulls and "
    "what else a signed-in workstation asks are MessagePack too, of one program only, and stand in "
    "csr_desktop/protocol.py. Whatever is not served is a Problem, whose code does not change."
)
_MESSAGES: Final = (SignInRequest, SignInReply, ChallengeReply, TokenRequest, TokenReply, Problem)
_PROBLEMS: Final = {
    "400": "It cannot be read, or says what cannot be.",
    "401": "Who asks is not known, or may not come in.",
    "408": "It took too long to arrive.",
    "413": "It is more than is taken at once.",
    "415": "It is not MessagePack, plain or in zstd.",
    "426": "The protocol's version is not one that is spoken here.",
    "429": "It was asked too often.",
    "503": "The server is busy, or its database does not answer.",
}


async def openapi(_request: Request) -> Response:
    return Response(_encoded(), media_type=OPENAPI_TYPE)


@cache
def _encoded() -> bytes:
    return msgspec.json.encode(document())


def document() -> dict[str, Any]:
    """The whole description, as what JSON is made of."""
    _, schemas = msgspec.json.schema_components(_MESSAGES, ref_template="#/components/schemas/{name}")
    for schema in schemas.values():
        schema["description"] = inspect.cleandoc(schema.get("description", schema["title"]))
    for name in ("public_key", "database_key"):
        schemas["SignInRequest"]["properties"][name] |= {"minLength": _KEY_LETTERS, "maxLength": _KEY_LETTERS}
    return {
        "openapi": "3.1.0",
        "info": {"title": "CSR Desktop server", "version": version("csr-desktop"), "description": _WORDS},
        "paths": {
            "/health": _get("The process is of use: its database answers and changes can be made.", _condition("ok")),
            "/ready": _get("Requests should be sent here.", _condition("ready")),
            "/metrics": _get("Figures for Prometheus, for this machine or a bearer token.", _FIGURES),
            "/": _get("For a browser: what this address is for.", {"200": _content("It.", "text/plain", _TEXT)}),
            "/openapi.json": _get("This description.", {"200": _content("It.", OPENAPI_TYPE, {"type": "object"})}),
            "/cti/{token}": _phone("A word of a phone system, in the format of Zammad's generic CTI.", _JSON),
            "/sipgate/{token}": _phone("A word of sipgate's push API.", "application/xml"),
            "/api/1/sign-in": _post("A person's first word from a workstation.", SignInRequest, SignInReply),
            "/api/1/challenge": _post("What a workstation signs to get a token.", None, ChallengeReply),
            "/api/1/token": _post("A short token for the signed challenge.", TokenRequest, TokenReply),
        },
        "components": {"schemas": schemas, "securitySchemes": {"metrics": {"type": "http", "scheme": "bearer"}}},
    }


def _content(words: str, kind: str, schema: Mapping[str, Any], headers: Mapping[str, Any] | None = None) -> Any:
    return {
        "description": words,
        "content": {kind: {"schema": schema}},
        **({"headers": headers} if headers else {}),
    }


def _problem(status: str) -> Any:
    headers = {"WWW-Authenticate": _header("Bearer")} if status == "401" else {}
    if status in {"429", "503"}:
        headers = {"Retry-After": {"schema": {"type": "integer", "minimum": 1}, "description": "Seconds."}}
    if status == "426":
        headers = {"Upgrade": _header("The version to speak.")}
    return _content(_PROBLEMS[status], MEDIA_TYPE, _ref(Problem), headers)


def _header(words: str) -> Any:
    return {"schema": {"type": "string"}, "description": words, "required": True}


def _ref(kind: type[msgspec.Struct]) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{kind.__name__}"}


def _said(words: tuple[str, ...], *, has_because: bool = False) -> Any:
    properties: dict[str, Any] = {"status": {"enum": list(words)}}
    if has_because:
        properties["because"] = {"type": "array", "items": {"type": "string"}, "minItems": 1}
    return {"type": "object", "properties": properties, "required": list(properties), "additionalProperties": False}


def _condition(word: str) -> Any:
    return {
        "200": _content("It is so.", _JSON, _said((word,))),
        "429": _problem("429"),
        "503": _content("It is not so, and why.", _JSON, _said(("unavailable",), has_because=True)),
    }


_FIGURES: Final[Any] = {
    "200": _content("Prometheus' text format.", "text/plain", {"type": "string"}),
    "403": _content("Asked from elsewhere without the token.", _JSON, _said(("not for everybody",))),
}


def _get(words: str, responses: Mapping[str, Any]) -> Any:
    security: dict[str, Any] = {"security": [{}, {"metrics": []}]} if responses is _FIGURES else {}
    return {"get": {"summary": words, "responses": responses, **security}}


def _phone(words: str, kind: str) -> Any:
    """Whatever a phone system sends to an address with its token is answered in its own way."""
    nothing = {"type": "object", "maxProperties": 0}
    retry = {"Retry-After": {"schema": {"type": "integer", "minimum": 1}, "description": "Seconds."}}
    forms = (_JSON, "application/x-www-form-urlencoded", "multipart/form-data")
    return {
        "post": {
            "summary": words,
            "parameters": [{"name": "token", "in": "path", "required": True, "schema": {"type": "string"}}],
            "requestBody": {"content": {form: {"schema": {"type": "object"}} for form in forms}},
            "responses": {
                "200": _content("What to do with the call.", kind, nothing if kind == _JSON else {"type": "string"}),
                "404": _content("No phone system has this token.", _JSON, nothing),
                "429": _content(_PROBLEMS["429"], _JSON, nothing, retry),
                "503": _content(_PROBLEMS["503"], _JSON, nothing),
            },
        }
    }


def _post(words: str, request: type[msgspec.Struct] | None, reply: type[msgspec.Struct]) -> Any:
    spoken = {
        "name": VERSION_HEADER,
        "in": "header",
        "required": True,
        "description": "The protocol's version that the workstation speaks.",
        "schema": {"enum": [str(served) for served in SERVED]},
    }
    schema_said = {
        "name": SCHEMA_HEADER,
        "in": "header",
        "description": "The version of the schema of the workstation's file, which it says since protocol 2.",
        "schema": {"type": "integer", "minimum": 0, "maximum": 999_999},
    }
    statuses = [status for status in _PROBLEMS if status != "401" or request is not None]
    said: dict[str, Any] = {
        "summary": words,
        "parameters": [spoken, schema_said],
        "responses": {"200": _content("It.", MEDIA_TYPE, _ref(reply)), **{s: _problem(s) for s in statuses}},
    }
    schema = _ref(request) if request is not None else {"description": "It may be empty, and is not looked at."}
    said["requestBody"] = {"required": True, "content": {MEDIA_TYPE: {"schema": schema}}}
    return {"post": said}
