"""A desk and its server in a network of their own, into which packets vanish: `python -m tests.faults.black_hole FOLDER`.

FOLDER has the server's files in `server`. Prints one JSON object. To be run by `unshare -Urn`, so that the rules touch
nobody else's network.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from csr_desktop.server.folder import ServerFolder
from tests.faults.processes import client, engine_of, names, open_data, server_names, serving, synced, until

RULES = """
table inet hole {
  chain packets {
    type filter hook input priority 0;
    tcp dport PORT drop
    tcp sport PORT drop
  }
}
"""


def nft(rules: str) -> None:
    subprocess.run(["nft", "-f", "-"], input=rules, text=True, check=True)


def lived(folder: Path) -> dict[str, Any]:
    told: dict[str, Any] = {}
    with serving(ServerFolder(folder / "server")) as server:
        data = open_data(folder / "desk", server.url)
        synced(data)
        engine = engine_of(data)
        engine._transport._http._timeout = 1  # type: ignore[attr-defined]
        assert engine.sync_once()
        nft(RULES.replace("PORT", server.url.rpartition(":")[2]))
        client(data, "Sample in the dark")
        began = time.monotonic()
        told["black hole"] = [engine.sync_once(), engine.status.state, engine.status.title, engine.status.advice]
        told["seconds"] = time.monotonic() - began
        told["waiting"] = data.replica.waiting_count()
        # The server goes and comes again; the desk, which heard nothing of it, still holds its half of a connection.
        server.start()
        began = time.monotonic()
        client(data, "Sample still in the dark")
        told["work goes on"] = time.monotonic() - began < 3
        nft("delete table inet hole")
        until(engine.sync_once)
        engine.stop()
        told["here"], told["there"] = names(data), server_names(server.folder)
        data.close()
    return told


if __name__ == "__main__":
    print(json.dumps(lived(Path(sys.argv[1]))))
