"""How far a long command is, on standard error."""

from __future__ import annotations

import sys

import click


class StderrProgress:
    """One line that is written over at a terminal, else a line for each tenth."""

    def __init__(self) -> None:
        self._is_terminal = sys.stderr.isatty()
        self._last = ("", -1)
        self._is_open = False

    def __call__(self, words: str, done: int, total: int) -> None:
        text = f"{words} {done:,} of {total:,}" if total else f"{words} {done:,}" if done else words
        if self._is_terminal:
            click.echo(f"\r{text:<60}", nl=False, err=True)
            self._is_open = True
            return
        step = done * 10 // total if total else done // 50_000
        if (words, step) != self._last:
            self._last = (words, step)
            click.echo(text, err=True)

    def end(self) -> None:
        if self._is_open:
            click.echo("", err=True)
            self._is_open = False
