"""What the program writes down about itself: a small log without any client's data."""

from __future__ import annotations

import logging
import re
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import structlog

from csr_desktop.system.crashes import frames_of
from csr_desktop.system.own_files import open_own_text

if TYPE_CHECKING:
    from collections.abc import Mapping, MutableMapping

LOG_FILE = "csr-desktop.log"
FILE_BYTES = 1_000_000
FILE_COUNT = 3
ALLOWED = frozenset(
    {
        "event",
        "level",
        "logger",
        "timestamp",
        "error",
        "frames",
        "errno",
        "sqlite",
        "sqlstate",
        "code",
        "kind",
        "status",
        "table",
        "count",
        "rows",
        "pages",
        "bytes",
        "seconds",
        "milliseconds",
        "attempt",
        "waiting",
        "rev",
        "seq",
        "port",
        "version",
        "protocol",
        "schema",
        "platform",
        "python",
        "process",
        "thread",
        "method",
        "command",
        "area",
        "view",
        "dropped",
    }
)
"""Names of values that may be written; what else a message carries is dropped and only counted."""
COUNTS = frozenset({"count", "rows", "bytes", "rev", "seq"})
"""Of these, numbers of seven digits and more are the program's own."""
_DIGITS = re.compile(r"\d(?:[ ().\-/]{0,2}\d){6,}")
_LENGTH = 200


def masked(text: str) -> str:
    """Seven digits and more in a row, also with signs between them, may be somebody's number."""
    return _DIGITS.sub(lambda found: "#" * len(found[0]), text)


class DiagnosticsLog:
    """JSON lines in the log folder, at most 4 MB, until `close`: structlog's messages and other libraries'."""

    def __init__(self, place: Path, level: int = logging.INFO) -> None:
        self._handler = _PrivateFile(
            place / LOG_FILE, maxBytes=FILE_BYTES, backupCount=FILE_COUNT, encoding="utf-8", delay=True
        )
        before: list[Any] = [
            structlog.stdlib.add_logger_name,
            structlog.stdlib.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
        ]
        formatter = structlog.stdlib.ProcessorFormatter
        self._handler.setFormatter(
            formatter(
                foreign_pre_chain=[*before, _template_only],
                pass_foreign_args=True,
                processors=[_error_without_words, formatter.remove_processors_meta, only_allowed, _as_json()],
            )
        )
        root = logging.getLogger()
        self._level_before = root.level
        root.addHandler(self._handler)
        root.setLevel(level)
        for name in ("peewee", "httpx2", "httpcore2", "keyring", "asyncio"):
            # Peewee at DEBUG would write down keys and values, the others addresses and headers.
            logging.getLogger(name).setLevel(max(level, logging.WARNING))
        structlog.configure(
            processors=[structlog.stdlib.filter_by_level, *before, formatter.wrap_for_formatter],
            logger_factory=structlog.stdlib.LoggerFactory(),
            wrapper_class=structlog.stdlib.BoundLogger,
            cache_logger_on_first_use=False,
        )

    def close(self) -> None:
        root = logging.getLogger()
        root.removeHandler(self._handler)
        root.setLevel(self._level_before)
        self._handler.close()
        structlog.reset_defaults()


def only_allowed(_logger: Any, _name: str, message: MutableMapping[str, Any]) -> Mapping[str, Any]:
    """Drops values of other names, masks and cuts texts, and leaves of anything else its type."""
    kept = {
        name: value if name == "timestamp" or (name in COUNTS and isinstance(value, int)) else _plain(value)
        for name, value in message.items()
        if name in ALLOWED
    }
    if len(kept) < len(message):
        kept["dropped"] = len(message) - len(kept)
    return kept


def _plain(value: object) -> object:
    if value is None or isinstance(value, (bool, int, float)):
        return value if value is None or abs(value) < 10**6 else masked(str(value))
    if isinstance(value, str):
        return masked(value)[:_LENGTH]
    if isinstance(value, (list, tuple)):
        return [_plain(each) for each in value[:20]]
    return type(value).__name__


def _template_only(_logger: Any, _name: str, message: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Of another library's message only its pattern: what is filled in may be an address or a name. One that comes
    without anything to fill in may be filled in already, so its place stands for it.
    """
    record: logging.LogRecord = message["_record"]
    is_pattern = bool(message.pop("positional_args", ())) and isinstance(record.msg, str)
    message["event"] = record.msg if is_pattern else f"{record.filename}:{record.lineno}"
    return message


def _error_without_words(_logger: Any, _name: str, message: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """An exception's own words may quote what somebody typed."""
    found = message.pop("exc_info", None)
    if found is True:
        import sys

        found = sys.exc_info()
    error = found[1] if isinstance(found, tuple) else found
    if isinstance(error, BaseException):
        message["error"] = type(error).__name__
        message["frames"] = frames_of(error)[-8:]
    return message


def _as_json() -> structlog.processors.JSONRenderer:
    return structlog.processors.JSONRenderer(sort_keys=True)


class _PrivateFile(RotatingFileHandler):
    def _open(self) -> IO[Any]:  # type: ignore[override]
        return open_own_text(Path(self.baseFilename), "a")

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802
        """A log that can't be written is no reason to stop anything."""
