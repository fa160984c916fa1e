"""What `csr-desktop call` costs a softphone that waits for it: its process's computing above that of a bare Python."""

from __future__ import annotations

import os
import queue
import shutil
import sys
import tempfile
import time
from pathlib import Path

from csr_desktop.system.places import Places
from csr_desktop.system.single_instance import claim
from tests.bench.bureaus import percentile

ROUNDS, WARM_UP = 41, 3
BARE = ("-c", "pass")
TOLD = ("-m", "csr_desktop", "call", "--event", "ring", "--number", "(312) 555-0142", "--name", "Dana Sample")


def measure() -> dict[str, float]:
    """In turn, with a desk that listens; medians. `wall` is from its start until it has ended."""
    home = Path(tempfile.mkdtemp(prefix="csr-desktop-bench-"))
    heard: queue.Queue[dict[str, str]] = queue.Queue()
    try:
        places = Places.under(home)
        places.make()
        held = claim(places)
        assert held is not None
        held.listen(heard.put)
        bare, own = [], []
        for at in range(WARM_UP + ROUNDS):
            pair = _run(home, *BARE), _run(home, *TOLD, "--id", str(at))
            if at >= WARM_UP:
                bare.append(pair[0])
                own.append(pair[1])
        held.close()
        assert heard.qsize() == WARM_UP + ROUNDS, "a call was not handed over"
        computed, waited = ([percentile([run[part] for run in runs], 0.5) for runs in (own, bare)] for part in (0, 1))
        return {
            "command_extra_ms": computed[0] - computed[1],
            "command_extra_wall_ms": waited[0] - waited[1],
            "command_bare_ms": computed[1],
            "command_p95_wall_ms": percentile([run[1] for run in own], 0.95),
        }
    finally:
        shutil.rmtree(home, ignore_errors=True)


def _run(home: Path, *arguments: str) -> tuple[float, float]:
    """Milliseconds of computing, the system's for it with it, and of waiting."""
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
    environment |= {"CSR_DESKTOP_HOME": str(home), "PYTHONPYCACHEPREFIX": str(home / "bytecode")}
    began = time.perf_counter()
    process_id = os.posix_spawn(sys.executable, [sys.executable, *arguments], environment)
    _, status, used = os.wait4(process_id, 0)
    waited = time.perf_counter() - began
    assert os.waitstatus_to_exitcode(status) == 0
    return (used.ru_utime + used.ru_stime) * 1000, waited * 1000
