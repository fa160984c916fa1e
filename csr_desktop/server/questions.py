"""What workstations ask is looked through before it is answered: numbers, names and lists that no desk sends are said
to be none, so that what reads the database need not expect them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from csr_desktop.protocol import AGAIN_LIMIT, CheckRequest, PullRequest
from csr_desktop.server.problems import bad_message

LARGEST_NUMBER: Final = 1 << 53
_ASKED_CHARACTERS: Final = 200
_SCOPES_LIMIT: Final = 10_000
_ID_CHARACTERS: Final = 64
_BUCKET_CHARACTERS: Final = 2


def can_name_a_row(name: str) -> bool:
    """Whether an id may be asked for: no database has a longer one, and PostgreSQL takes no NUL in a question."""
    return len(name) <= _ID_CHARACTERS and "\0" not in name


def check_cursors(cursors: Mapping[str, int]) -> None:
    """Raises Rejected (400)."""
    if len(cursors) > _SCOPES_LIMIT or not all(_is_number(rev) for rev in cursors.values()):
        raise bad_message()


def check_pull(request: PullRequest) -> None:
    """Raises Rejected (400)."""
    check_cursors(request.cursors)
    ids = [row_id for wanted in request.again.values() for row_id in wanted]
    is_sound = (
        -1 <= request.answered < LARGEST_NUMBER
        and len(request.asked) <= _ASKED_CHARACTERS
        and all(_is_number(fill.below) and _is_number(fill.left) for fill in request.fills or ())
        and len(ids) <= AGAIN_LIMIT
        and all(map(can_name_a_row, ids))
    )
    if not is_sound:
        raise bad_message()


def check_comparison(request: CheckRequest) -> None:
    """Raises Rejected (400)."""
    check_cursors(request.cursors)
    is_sound = (
        max(request.row_count, request.differing_count) < LARGEST_NUMBER
        and all(len(bucket) == _BUCKET_CHARACTERS for bucket in request.buckets)
        and all(map(can_name_a_row, request.buckets))
    )
    if not is_sound:
        raise bad_message()


def _is_number(value: int) -> bool:
    """As counters and revisions are."""
    return 0 <= value < LARGEST_NUMBER
