"""Figures of a running server for Prometheus: how much, how often, how long. No label names anybody or anything of
a client's: paths, statuses and codes are few and the program's own.

Each process has its own figures, with the label `process`. Where several serve one folder, as with PostgreSQL, each
lays its figures into the folder every few seconds, and whichever is asked answers for all.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Final

import msgspec
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector
from prometheus_client.core import Metric
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest
from prometheus_client.samples import Sample

from csr_desktop.server.ledger import Executed

CONTENT_TYPE: Final = CONTENT_TYPE_LATEST
SHELF_NAME: Final = "metrics"
LAID_SECONDS: Final = 5.0
_FORGOTTEN_SECONDS: Final = 30.0
CONNECTED_SECONDS: Final = 60.0
"""A workstation counts as connected while it waits for news, and so long after it asked something."""
_QUICK: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
_AGES: Final = (0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 3600, 86_400, 604_800)


class _Family(msgspec.Struct, frozen=True, array_like=True):
    """A metric as a process lays it down."""

    name: str
    words: str
    kind: str
    samples: list[tuple[str, dict[str, str], float]]


class Metrics:
    """The figures of one process. Counting may be done on any thread."""

    def __init__(self, shelf: Path | None = None) -> None:
        self._registry = registry = CollectorRegistry()
        self._shelf = shelf
        self._mine = shelf / f"{os.getpid()}.json" if shelf else None
        ProcessCollector(registry=registry)
        self.requests = Counter("csr_requests", "Requests that were answered.", ("path", "status"), registry=registry)
        self.request_seconds = Histogram(
            "csr_request_seconds",
            "From a request's head to the end of its answer; long polls wait on purpose.",
            ("path",),
            registry=registry,
            buckets=_QUICK,
        )
        self.versions = Counter(
            "csr_desk_requests",
            "Requests of workstations, by the versions of protocol and schema that they said.",
            ("protocol", "schema"),
            registry=registry,
        )
        self.under_way = Gauge("csr_requests_under_way", "Requests that are not answered yet.", registry=registry)
        self.refusals = Counter("csr_refusals", "Requests that were not served, by code.", ("code",), registry=registry)
        self.pushes = Counter("csr_pushes", "Pushes that were committed.", registry=registry)
        self.pulls = Counter("csr_pulls", "Pages that were pulled.", registry=registry)
        self.commands = Counter(
            "csr_commands", "Commands that were executed, by what became of them.", ("status",), registry=registry
        )
        self.lag_seconds = Histogram(
            "csr_lag_seconds",
            "Age of the oldest command of a commit; a desk that was offline makes it long.",
            registry=registry,
            buckets=_AGES,
        )
        self.database_seconds = Histogram(
            "csr_database_seconds",
            "Time of a commit, or of what a thread did for one request.",
            ("work",),
            registry=registry,
            buckets=_QUICK,
        )
        self.waited_seconds = Histogram(
            "csr_waited_seconds", "Time that this waited for a thread.", ("work",), registry=registry, buckets=_QUICK
        )
        self.writer_waiting = Gauge("csr_writer_waiting", "Changes that wait to be committed.", registry=registry)
        self.connections = Gauge("csr_connections", "Open connections.", registry=registry)
        self.connections_cut = Counter(
            "csr_connections_cut", "Connections that were ended for what they did.", ("why",), registry=registry
        )
        self.comparisons = Counter(
            "csr_comparisons", "Workstations that compared what they have with the server.", registry=registry
        )
        self.differing_rows = Counter(
            "csr_differing_rows", "Rows that differed on a workstation and were fetched again.", registry=registry
        )
        self._desks: dict[str, tuple[int, float]] = {}
        Gauge(
            "csr_connected_desks", "Workstations that asked or waited within the last minute.", registry=registry
        ).set_function(self._connected)

    # Counting

    def began(self, device_id: str) -> None:
        """On the event loop, as `ended`."""
        open_count, _ = self._desks.get(device_id, (0, 0.0))
        self._desks[device_id] = (open_count + 1, time.monotonic())

    def ended(self, device_id: str) -> None:
        open_count, _ = self._desks.get(device_id, (1, 0.0))
        self._desks[device_id] = (open_count - 1, time.monotonic())

    def committed(self, pushes: int, seconds: float, executed: Executed | None) -> None:
        self.pushes.inc(pushes)
        self.database_seconds.labels("commit").observe(seconds)
        if executed is not None:
            self.lag_seconds.observe(max(0.0, executed.oldest_seconds))
            for status, count in executed.statuses.items():
                self.commands.labels(status).inc(count)

    def compared(self, differing_count: int) -> None:
        self.comparisons.inc()
        self.differing_rows.inc(differing_count)

    def worked(self, work: str) -> Callable[[float, float], None]:
        """What a pool of threads tells of each question: how many seconds it waited, and took."""
        waited, took = self.waited_seconds.labels(work), self.database_seconds.labels(work)

        def told(waited_seconds: float, took_seconds: float) -> None:
            waited.observe(waited_seconds)
            took.observe(took_seconds)

        return told

    def _connected(self) -> float:
        since = time.monotonic() - CONNECTED_SECONDS
        for device_id, (open_count, at) in list(self._desks.items()):
            if open_count <= 0 and at < since:
                self._desks.pop(device_id, None)
        return float(len(self._desks))

    # Telling

    @property
    def has_others(self) -> bool:
        """Whether other processes may serve the same folder."""
        return self._shelf is not None

    def exposition(self) -> bytes:
        """Of all processes on the shelf, in Prometheus' text format. Blocking."""
        return generate_latest(_Merged({os.getpid(): self._families(), **dict(self._of_others())}))

    def lay(self) -> None:
        """Put this process's figures where the others find them. Blocking; a full disk is no reason to stop."""
        if self._mine is None or self._shelf is None:
            return
        part = self._mine.with_suffix(".part")
        with suppress(OSError):
            self._shelf.mkdir(mode=0o700, exist_ok=True)
            part.write_bytes(msgspec.json.encode(self._families()))
            part.replace(self._mine)

    def take_away(self) -> None:
        if self._mine is not None:
            with suppress(OSError):
                self._mine.unlink(missing_ok=True)

    def _families(self) -> list[_Family]:
        return [
            _Family(m.name, m.documentation, m.type, [(s.name, dict(s.labels), float(s.value)) for s in m.samples])
            for m in self._registry.collect()
        ]

    def _of_others(self) -> Iterator[tuple[int, list[_Family]]]:
        for path in sorted(self._shelf.glob("*.json")) if self._shelf else ():
            if path == self._mine or not path.stem.isdigit():
                continue
            with suppress(OSError, msgspec.MsgspecError):
                if path.stat().st_mtime < time.time() - _FORGOTTEN_SECONDS:
                    path.unlink(missing_ok=True)  # its process was killed
                else:
                    yield int(path.stem), msgspec.json.decode(path.read_bytes(), type=list[_Family])


class _Merged:
    """The figures of several processes as one answer, each sample with its process."""

    def __init__(self, laid: dict[int, list[_Family]]) -> None:
        self._laid = laid

    def collect(self) -> Iterable[Metric]:
        found: dict[str, Metric] = {}
        for number, families in sorted(self._laid.items()):
            for family in families:
                metric = found.setdefault(family.name, Metric(family.name, family.words, family.kind))
                for name, labels, value in family.samples:
                    metric.samples.append(Sample(name, {**labels, "process": str(number)}, value))
        return found.values()
