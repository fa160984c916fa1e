"""A file system of one folder that loses its power: of each file and name it knows what is there, and what was fsynced.

`python -m tests.faults.power MOUNT OUT SEED` mounts it until it is unmounted. To make the folder `ack-N` in it says that
N was acknowledged. Then, and at every few calls between, what a loss of power would leave is written below OUT: only
what was synced (`-bare`), and that with some of what was still on its way, whole sectors of it, by chance (`-torn`).
"""

from __future__ import annotations

import errno
import os
import random
import stat
import sys
import time
from pathlib import Path
from typing import Any

import mfusepy

SECTOR = 512
CALLS_BETWEEN = 41
MOST_CUTS = 80


class Node:
    """A file: its content now, the content that was synced, and what was written since, in order."""

    def __init__(self) -> None:
        self.now = bytearray()
        self.kept = bytearray()
        self.waiting: list[tuple[int, bytes | None]] = []
        """(offset, bytes), or (length, None) where it was cut to that."""
        self.mode = 0o600
        self.modified_ns = time.time_ns()

    def change(self, offset: int, content: bytes | None) -> None:
        apply(self.now, offset, content)
        self.waiting.append((offset, content))
        self.modified_ns = time.time_ns()

    def sync(self) -> None:
        for offset, content in self.waiting:
            apply(self.kept, offset, content)
        self.waiting.clear()

    def torn(self, chance: random.Random) -> bytes:
        found = bytearray(self.kept)
        for offset, content in self.waiting:
            if content is None:
                if chance.random() < 0.5:
                    apply(found, offset, None)
                continue
            for start in range(0, len(content), SECTOR):
                if chance.random() < 0.5:
                    apply(found, offset + start, content[start : start + SECTOR])
        return bytes(found)


def apply(content: bytearray, offset: int, new: bytes | None) -> None:
    if new is None:
        del content[offset:]
    if len(content) < offset:
        content.extend(bytes(offset - len(content)))
    if new is not None:
        content[offset : offset + len(new)] = new


class Power(mfusepy.Operations):
    use_ns = True

    def __init__(self, out: Path, seed: int) -> None:
        self.out = out
        self.chance = random.Random(seed)
        self.names: dict[str, Node] = {}
        self.kept_names: dict[str, Node] = {}
        self.open_files: dict[int, Node] = {}
        self.last_handle = 0
        self.acknowledged = 0
        self.calls = self.cuts = 0

    # The loss of power

    def called(self) -> None:
        self.calls += 1
        if self.calls % CALLS_BETWEEN == 0:
            self.cut()

    def cut(self) -> None:
        if self.cuts == MOST_CUTS:
            return
        self.cuts += 1
        name = f"{self.cuts:03}-{self.acknowledged}"
        self.leave(self.out / f"{name}-bare", {n: bytes(node.kept) for n, node in self.kept_names.items()})
        names = dict(self.kept_names)
        for changed in self.names.keys() | self.kept_names.keys():
            if self.chance.random() < 0.5:
                if changed in self.names:
                    names[changed] = self.names[changed]
                else:
                    names.pop(changed, None)
        self.leave(self.out / f"{name}-torn", {n: node.torn(self.chance) for n, node in names.items()})

    @staticmethod
    def leave(folder: Path, files: dict[str, bytes]) -> None:
        folder.mkdir()
        for name, content in files.items():
            if not name.endswith("-shm"):  # memory that the programs share, made anew with each of their lives
                (folder / name).write_bytes(content)

    # Files

    def node(self, path: str) -> Node:
        try:
            return self.names[path[1:]]
        except KeyError:
            raise mfusepy.FuseOSError(errno.ENOENT) from None

    def handle(self, node: Node) -> int:
        self.last_handle += 1
        self.open_files[self.last_handle] = node
        return self.last_handle

    def getattr(self, path: str, fh: int | None = None) -> dict[str, Any]:
        who = {"st_uid": os.getuid(), "st_gid": os.getgid()}
        if path == "/" or (path.startswith("/ack-") and int(path[5:]) <= self.acknowledged):
            return {"st_mode": stat.S_IFDIR | 0o700, "st_nlink": 2, **who}
        node = self.open_files.get(fh or 0) or self.node(path)
        times = dict.fromkeys(("st_atime", "st_mtime", "st_ctime"), node.modified_ns)
        return {"st_mode": stat.S_IFREG | node.mode, "st_nlink": 1, "st_size": len(node.now), **who, **times}

    def readdir(self, path: str, fh: int) -> list[str]:
        return [".", "..", *self.names]

    def create(self, path: str, mode: int, fi: Any = None) -> int:
        self.called()
        node = self.names[path[1:]] = Node()
        node.mode = mode & 0o777
        return self.handle(node)

    def open(self, path: str, flags: int) -> int:
        return self.handle(self.node(path))

    def release(self, path: str, fh: int) -> int:
        self.open_files.pop(fh, None)
        return 0

    def read(self, path: str, size: int, offset: int, fh: int) -> bytes:
        return bytes(self.open_files[fh].now[offset : offset + size])

    def write(self, path: str, data: bytes, offset: int, fh: int) -> int:
        self.called()
        self.open_files[fh].change(offset, data)
        return len(data)

    def truncate(self, path: str, length: int, fh: int | None = None) -> int:
        self.called()
        (self.open_files.get(fh or 0) or self.node(path)).change(length, None)
        return 0

    def fsync(self, path: str, datasync: int, fh: int) -> int:
        self.called()
        self.open_files[fh].sync()
        return 0

    def chmod(self, path: str, mode: int) -> int:
        self.node(path).mode = mode & 0o777
        return 0

    def utimens(self, path: str, times: tuple[int, int] | None = None) -> int:
        return 0

    # Names

    def fsyncdir(self, path: str, datasync: int, fh: int) -> int:
        self.called()
        self.kept_names = dict(self.names)
        return 0

    def unlink(self, path: str) -> int:
        self.called()
        self.node(path)
        del self.names[path[1:]]
        return 0

    def rename(self, old: str, new: str) -> int:
        self.called()
        self.node(old)
        self.names[new[1:]] = self.names.pop(old[1:])
        return 0

    def mkdir(self, path: str, mode: int) -> int:
        self.acknowledged = int(path.rpartition("-")[2])
        self.cut()
        return 0

    def statfs(self, path: str) -> dict[str, int]:
        return {"f_bsize": 4096, "f_frsize": 4096, "f_blocks": 1 << 20, "f_bfree": 1 << 19, "f_bavail": 1 << 19}


if __name__ == "__main__":
    mounted, out_folder, seed_text = sys.argv[1:]
    mfusepy.FUSE(Power(Path(out_folder), int(seed_text)), mounted, foreground=True, nothreads=True, attr_timeout=0)
