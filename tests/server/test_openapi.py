"""The published description of the plain endpoints is what the server does, also with what nobody foresaw."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from typing import Any

import httpx2
import msgspec
import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis import Case, GenerationMode
from schemathesis.checks import load_all_checks
from starlette.routing import Route

from csr_desktop.protocol import MEDIA_TYPE, Problem
from csr_desktop.server.app import Api
from csr_desktop.server.folder import ServerFolder
from csr_desktop.server.openapi import OPENAPI_TYPE, document
from csr_desktop.server.rates import Limits, Rate
from csr_desktop.server.run import RunningServer, Surroundings
from tests.server.conftest import make_bureau
from tests.server.desk import CHEAP, HEADERS, message

WIDE = Rate(1_000_000, 1_000_000)
OPERATIONS = [(method, path) for path, item in document()["paths"].items() for method in item]
AS_SAID, OTHERWISE = GenerationMode.POSITIVE, GenerationMode.NEGATIVE
CASES = [(*operation, AS_SAID) for operation in OPERATIONS] + [
    (*operation, OTHERWISE)
    for operation in OPERATIONS
    if operation[0] == "post"  # the others have nothing to say
]
_BYTES = frozenset({"public_key", "database_key", "challenge", "signature", "proofs"})


@pytest.fixture(scope="module")
def open_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    folder = ServerFolder(tmp_path_factory.mktemp("openapi") / "server")
    make_bureau(folder)
    limits = Limits(**dict.fromkeys(Limits.__struct_fields__, WIDE))
    with RunningServer(folder, surroundings=Surroundings(passwords=CHEAP, limits=limits)) as running:
        yield running


@pytest.fixture(scope="module")
def session() -> Iterator[requests.Session]:
    with requests.Session() as found:
        found.trust_env = False
        yield found


@pytest.fixture(scope="module")
def described(open_server: RunningServer) -> schemathesis.BaseSchema:
    """By what the server itself publishes."""
    load_all_checks()
    answer = httpx2.get(f"{open_server.url}/openapi.json")
    assert (answer.status_code, answer.headers["content-type"]) == (200, OPENAPI_TYPE)
    refusals = {"expected-statuses": [400, 401, 404, 413, 415, 426, 429]}
    config = schemathesis.Config.from_dict({"checks": {"negative_data_rejection": refusals}})
    return schemathesis.openapi.from_dict(answer.json(), config=config)


@schemathesis.serializer(MEDIA_TYPE)
def packed(_context: Any, value: Any) -> bytes:
    """What was made up as JSON, as MessagePack: base64 text of bytes as bytes, numbers that it has not as floats."""
    return msgspec.msgpack.encode(_as_bytes(value))


def _as_bytes(value: Any, *, is_binary: bool = False) -> Any:
    if isinstance(value, dict):
        return {name: _as_bytes(part, is_binary=name in _BYTES) for name, part in value.items()}
    if isinstance(value, list):
        return [_as_bytes(part, is_binary=is_binary) for part in value]
    if isinstance(value, int) and not -(2**63) <= value < 2**64:
        return float(value)
    if isinstance(value, str) and is_binary:
        return value.encode("utf-8", "replace")[: (len(value) - 1) * 3 // 4]  # as many as base64 of this length holds
    return value


@schemathesis.deserializer(MEDIA_TYPE)
def read(_context: Any, response: Any) -> Any:
    """The message as the JSON that its schema is of."""
    return _as_text(msgspec.msgpack.decode(response.content))


def _as_text(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _as_text(part) for name, part in value.items()}
    if isinstance(value, list):
        return [_as_text(part) for part in value]
    return base64.b64encode(value).decode() if isinstance(value, bytes) else value


@pytest.mark.parametrize(("method", "path", "mode"), CASES)
def test_the_server_answers_as_it_says(
    open_server: RunningServer,
    described: schemathesis.BaseSchema,
    session: requests.Session,
    method: str,
    path: str,
    mode: GenerationMode,
) -> None:
    operation = described[path][method]

    @settings(max_examples=25 if method == "post" else 5, deadline=None, suppress_health_check=list(HealthCheck))
    @given(case=operation.as_strategy(generation_mode=mode))
    def answered(case: Case[Any]) -> None:
        case.call_and_validate(base_url=open_server.url, session=session, timeout=30)

    answered()


def test_every_route_that_needs_no_token_is_described(open_server: RunningServer) -> None:
    """Whatever serves a stranger, or tells him more than that he is one, stands in the description."""
    routes = [route for route in Api(open_server.parts)._starlette().routes if isinstance(route, Route)]
    described = set(document()["paths"])
    assert described <= {route.path for route in routes}
    for route in routes:
        if route.path not in described:
            answer = httpx2.post(open_server.url + route.path, content=b"", headers=HEADERS)
            assert (answer.status_code, message(answer, Problem).code) == (401, "token_expired"), route.path
