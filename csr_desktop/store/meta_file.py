"""The small plain file beside a desk's database, which tells what became of it.

With it a wrong key, a damaged, missing, emptied and rolled-back file are told apart. It holds nothing of a client: a
check value of the key, versions, and the number of the last command of this workstation. It is written as a whole
(another name, fsync, rename), at opening, after each sync and at closing, and not at every command, so it may be some
commands behind the database and never ahead of it. A database that is behind its meta is an older one.
"""

from __future__ import annotations

import hashlib
import hmac
from typing import TYPE_CHECKING

import msgspec

from csr_desktop.system.whole_file import write_whole

if TYPE_CHECKING:
    from pathlib import Path

_CONSTANT = b"csr-desktop: is this the key of this file? 1"


class Meta(msgspec.Struct, frozen=True, forbid_unknown_fields=False):
    """`generation` names this one file, `device_id` and `last_seq` the last local command seen in it; `numbering` is
    how often commands were numbered anew, from when on numbers may be lower.

    `size` and `modified_ns` are the database file's when it was last closed; `is_closed` says that this was cleanly.
    """

    key_check: str
    schema_version: int
    generation: str
    device_id: str = ""
    last_seq: int = 0
    numbering: int = 0
    is_initialised: bool = False
    is_closed: bool = False
    size: int = 0
    modified_ns: int = 0
    written_at: int = 0


def meta_path(path: Path) -> Path:
    """Where the meta of this database stands."""
    return path.with_name(path.name + ".meta")


def key_check(key: bytes) -> str:
    """A value by which a key is recognised and from which it can't be found."""
    return hmac.new(key, _CONSTANT, hashlib.sha256).hexdigest()


def read_meta(path: Path) -> Meta | None:
    """None when there is none, or none that can be read. Raises OSError when it is there and may not be read."""
    try:
        content = meta_path(path).read_bytes()
    except FileNotFoundError:
        return None
    try:
        return msgspec.json.decode(content, type=Meta)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None


def key_checks(folder: Path) -> list[str]:
    """By which keys the desks' files in this folder are opened."""
    metas = (read_meta(meta.with_suffix("")) for meta in sorted(folder.glob("*.db.meta")))
    return [meta.key_check for meta in metas if meta is not None]


def is_copy(path: Path, other: Path) -> bool:
    """Whether both databases were once made as one file. Of two without a meta, whether they are equal now. Raises
    OSError.
    """
    found, of = read_meta(path), read_meta(other)
    if found is not None and of is not None:
        return found.generation == of.generation
    if found is not None or of is not None or not other.exists():
        return False
    import filecmp

    return filecmp.cmp(path, other, shallow=False)


def write_meta(path: Path, meta: Meta) -> None:
    """Replace it; old or new whatever happens. Raises OSError."""
    write_whole(meta_path(path), msgspec.json.format(msgspec.json.encode(meta), indent=1))
