"""Measurements against a limit in the same run: bare SQLCipher, bare Qt, bare Python. `python -m tests.bench NAME --json`."""
