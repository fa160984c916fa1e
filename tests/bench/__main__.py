"""python -m tests.bench NAME [--seats N] [--json]: prints {"name", "seats", "figures"}."""

from __future__ import annotations

import argparse
import os
import sys
from importlib import import_module

import msgspec

NAMES = ("startup", "search", "lookup", "save", "inbox", "memory", "sync", "private", "call", "package")


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("name", choices=NAMES)
    parser.add_argument("--seats", type=int, default=10, help="how large the made-up bureau is (10)")
    parser.add_argument("--database", default="", help="sync: PostgreSQL's address, or `postgresql` for one of its own")
    parser.add_argument(
        "--only",
        default="",
        help="sync, call: one part alone: download, upload, live, load, cost; pop, command, events, typing, lists; "
        "package: `build` builds first",
    )
    parser.add_argument("--speed", type=float, default=10, help="call: how many times as fast as life events come (10)")
    parser.add_argument("--json", action="store_true", help="one line of JSON")
    options = parser.parse_args()
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    further = [options.database, options.only] if options.name in {"sync", "call"} else []
    further += [options.only] if options.name == "package" else []
    further += [options.speed] if options.name == "call" else []
    figures = import_module(f"tests.bench.{options.name}").measure(options.seats, *further)
    figures = {key: None if value is None else round(value, 3) for key, value in figures.items()}
    if options.json:
        result = {"name": options.name, "seats": options.seats, "figures": figures}
        sys.stdout.write(msgspec.json.encode(result).decode() + "\n")
    else:
        for key, value in figures.items():
            sys.stdout.write(f"{options.name} {key}: {value}\n")
        if "cost_worst_growth" in figures:
            sys.stdout.write(f"\n{import_module('tests.bench.sync_cost').cost_table(figures)}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
