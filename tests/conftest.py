"""What all tests share: Hypothesis without deadlines, and a made-up bureau that is made once a process."""

from __future__ import annotations

import gc
import logging
import os
import shutil
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import pytest
from hypothesis import settings

if TYPE_CHECKING:
    import trustme

    from csr_desktop.services.desk_data import DeskData

_MEMORY = Path("/dev/shm")
_ROOM_BYTES = 4 << 30


def _is_roomy(folder: Path) -> bool:
    """Programs can be run from it, and all that the tests hold at once fits twice."""
    return (
        folder.is_dir()
        and not os.statvfs(folder).f_flag & os.ST_NOEXEC
        and shutil.disk_usage(folder).free > _ROOM_BYTES
    )


# Thousands of databases are made, synced and thrown away: most of the waiting would be for a disk of which no test
# tells anything. A folder that was named is kept to.
if "TMPDIR" not in os.environ and hasattr(os, "ST_NOEXEC") and _is_roomy(_MEMORY):
    os.environ["TMPDIR"] = str(_MEMORY)
    tempfile.tempdir = None

# On CI the same examples each time; elsewhere new ones look further.
settings.register_profile("default", deadline=None, derandomize="CI" in os.environ)
settings.register_profile("large", deadline=None, max_examples=2000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "default"))


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What may take longer than others comes first, so that no worker is left alone with it at the end."""
    items.sort(key=lambda item: item.get_closest_marker("timeout") is None)


def pytest_collection_finish() -> None:
    """What thousands of collected tests are made of stays to the end: the garbage collector looks past it."""
    gc.collect()
    gc.freeze()


MET = "met"
"""The first word of a recorded property's name: how often the tests met what the rest of the name says."""


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """What was met, over all tests that told it and all processes that ran them."""
    found: Counter[str] = Counter()
    for reports in terminalreporter.stats.values():
        for report in reports:
            if isinstance(report, pytest.TestReport) and report.when == "call":
                told = [(str(name), value) for name, value in report.user_properties]
                found.update(
                    {name: value for name, value in told if name.startswith(f"{MET} ") and isinstance(value, int)}
                )
    if found:
        words = ", ".join(f"{name.removeprefix(MET).strip()} {count:,}" for name, count in found.items())
        terminalreporter.write_line(f"The simulations met: {words}")


@pytest.fixture(autouse=True)
def _log_of_its_own() -> Iterator[None]:
    """A program that a test ran in this process has set the log up for itself."""
    root = logging.getLogger()
    before, level = list(root.handlers), root.level
    yield
    for handler in [one for one in root.handlers if one not in before]:
        root.removeHandler(handler)
    root.setLevel(level)


@pytest.fixture(scope="session")
def furnished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folders `server` and `alex`: a bureau of one seat, and the CSR's desk filled from it. Copy, don't use."""
    from tests.desks import Bureau, Clock, open_data

    home = tmp_path_factory.mktemp("bureau")
    clock = Clock()
    bureau = Bureau(home / "server", clock)
    bureau.furnish()
    agent = bureau.made_up.agent
    data = open_data(home / "alex", bureau.account(agent.id, agent.name, agent.login), clock)
    bureau.sync(data)
    data.close()
    bureau.sql.db.close()
    return home


class FilledDesks:
    """The desks of others than Alex, each filled once a process from the furnished bureau. Copy, don't use."""

    def __init__(self, furnished: Path, home: Path) -> None:
        self._furnished, self._home = furnished, home
        self._made: dict[str, Path] = {}

    def of(self, login: str) -> Path:
        if login not in self._made:
            office = Office(self._furnished, self._home / login, self)
            office.bureau.sync(office.desk(login))
            office.close()
            self._made[login] = office.home / login
        return self._made[login]


@pytest.fixture(scope="session")
def filled_desks(furnished: Path, tmp_path_factory: pytest.TempPathFactory) -> FilledDesks:
    return FilledDesks(furnished, tmp_path_factory.mktemp("filled"))


class Office:
    """A bureau's server and desks on copies of the furnished one."""

    def __init__(self, furnished: Path, home: Path, filled: FilledDesks) -> None:
        from tests.desks import Bureau, Clock, copied

        self._filled = filled
        self.clock = Clock()
        self.home = copied(furnished, home / "office")
        self.bureau = Bureau(self.home / "server", self.clock)
        self.bureau.open()
        self._open: list[DeskData] = []

    def user(self, login: str) -> tuple[str, str]:
        found = self.bureau.sql.one("SELECT id, name FROM users WHERE login = ?", login)
        assert found is not None
        return found[0], found[1]

    def desk(self, login: str = "alex") -> DeskData:
        """This person's desk; only Alex's is filled before the first `bureau.sync`."""
        from tests.desks import open_data

        user_id, name = self.user(login)
        data = open_data(self.home / login, self.bureau.account(user_id, name, login), self.clock)
        self._open.append(data)
        return data

    def filled_desk(self, login: str) -> DeskData:
        """This person's desk, with all of the furnished bureau that is theirs."""
        if login != "alex" and not (self.home / login).exists():
            shutil.copytree(self._filled.of(login), self.home / login)
        data = self.desk(login)
        self.bureau.sync(data)
        return data

    def id_of(self, table: str, field: str, value: str) -> str:
        return str(self.bureau.sql.value(f'SELECT id FROM {table} WHERE "{field}" = ?', value))

    def close_desks(self) -> None:
        """As their programs end; `desk` opens their files anew."""
        for data in self._open:
            data.close()
        self._open = []

    def close(self) -> None:
        self.close_desks()
        self.bureau.sql.db.close()


@pytest.fixture
def office(furnished: Path, filled_desks: FilledDesks, tmp_path: Path) -> Iterator[Office]:
    opened = Office(furnished, tmp_path, filled_desks)
    yield opened
    opened.close()


@pytest.fixture
def authority(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> trustme.CA:
    """One that this computer trusts, as a private one that IT has rolled out."""
    import trustme

    made = trustme.CA()
    made.cert_pem.write_to_path(str(tmp_path / "authority.pem"))
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "authority.pem"))
    return made
