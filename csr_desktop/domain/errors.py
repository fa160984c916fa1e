"""Errors, split by whose they are.

CsrDesktopError
├── EnvironmentFault    the world's: disk, network, keyring; said in place, retried
│   ├── DiskFull
│   ├── Unreachable
│   ├── NotTrusted
│   └── Unreadable      a file that is damaged, of another key, or newer than this program
├── Refused             a rule's: a right that is missing, something already taken by someone
└── BadInput            the person's: said at its field
Anything else is a bug of this program.
"""

from __future__ import annotations


class CsrDesktopError(Exception):
    """Has words for a person: `title` says what happened, `advice` what was kept and what to do."""

    def __init__(self, title: str, advice: str = "") -> None:
        super().__init__(title)
        self.title = title
        self.advice = advice

    def __str__(self) -> str:
        return f"{self.title} {self.advice}".strip()


class EnvironmentFault(CsrDesktopError):
    """The world's fault; trying again later may help."""


class DiskFull(EnvironmentFault):
    def __init__(self) -> None:
        super().__init__(
            "The disk is full, so this was not saved.", "Your text is still here. Free some space, then save again."
        )


class Unreachable(EnvironmentFault):
    """The server did not answer, or not in time."""


class NotTrusted(EnvironmentFault):
    """The server's certificate does not hold."""


class Unreadable(EnvironmentFault):
    """A file is damaged, missing, of another key or newer; `kind` says which."""

    def __init__(self, kind: str, title: str, advice: str) -> None:
        super().__init__(title, advice)
        self.kind = kind


class Refused(CsrDesktopError):
    """A rule says no. `code` is stable for programs; the words are for the person."""

    def __init__(self, code: str, title: str, advice: str = "") -> None:
        super().__init__(title, advice)
        self.code = code


class BadInput(CsrDesktopError):
    """What was typed cannot be taken; `field` names where."""

    def __init__(self, field: str, title: str, advice: str = "") -> None:
        super().__init__(title, advice)
        self.field = field
