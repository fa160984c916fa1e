"""Commands as bytes, as they are stored and sent."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import TYPE_CHECKING

import msgspec

from csr_desktop.commands.command import Command

if TYPE_CHECKING:
    from csr_desktop.commands.every import Any_

_encoder = msgspec.msgpack.Encoder()


# Made when the first command is read: they look into every command there is, and a start does not wait for that.
@cache
def _decoder() -> msgspec.msgpack.Decoder[Any_]:
    from csr_desktop.commands.every import Any_

    return msgspec.msgpack.Decoder(Any_)


@cache
def _list_decoder() -> msgspec.msgpack.Decoder[list[Any_]]:
    from csr_desktop.commands.every import Any_

    return msgspec.msgpack.Decoder(list[Any_])


def encode(command: Command) -> bytes:
    return _encoder.encode(command)


def decode(body: bytes) -> Command:
    """Raises msgspec.ValidationError or DecodeError for what is no command of this version."""
    return _decoder().decode(body)


def encode_all(commands: Sequence[Command]) -> bytes:
    return _encoder.encode(list(commands))


def decode_all(body: bytes) -> list[Command]:
    return list(_list_decoder().decode(body))
