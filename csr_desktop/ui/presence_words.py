"""How it is said who is there, and who is at a ticket."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject

if TYPE_CHECKING:
    from csr_desktop.services.presence import Company

_NAMED = 2
"""More people than these are counted."""


class PresenceWords(QObject):
    def status(self, status: str) -> str:
        """Small, beside a name; '' for nothing known."""
        return {
            "available": self.tr("available"),
            "on_call": self.tr("on a call"),
            "wrap_up": self.tr("in wrap-up"),
            "break": self.tr("on a break"),
            "offline": self.tr("offline"),
        }.get(status, "")

    def own(self, status: str) -> str:
        """Of oneself, on its own."""
        return {
            "available": self.tr("Available"),
            "on_call": self.tr("On a call"),
            "wrap_up": self.tr("Wrap-up"),
            "break": self.tr("On a break"),
        }.get(status, "")

    def beside(self, *words: str) -> str:
        """What stands beside a name, one after the other."""
        return ", ".join(word for word in words if word)

    def company(self, company: Company) -> str:
        """Who writes in a ticket, else who looks at it; '' for nobody."""
        return self._writing(company.writing) or self._looking(company.looking)

    def whole_company(self, company: Company) -> str:
        """Both."""
        return "\n".join(words for words in (self._writing(company.writing), self._looking(company.looking)) if words)

    def _writing(self, writing: tuple[tuple[str, str], ...]) -> str:
        names = [name for name, _ in writing]
        if not names:
            return ""
        if len(names) == 1:
            kinds = {"reply": self.tr("{0} is writing a reply"), "note": self.tr("{0} is writing a note")}
            return kinds.get(writing[0][1], self.tr("{0} is writing here")).format(names[0])
        if len(names) <= _NAMED:
            return self.tr("{0} and {1} are writing here").format(*names)
        return self.tr("%n people are writing here", "", len(names))

    def _looking(self, names: tuple[str, ...]) -> str:
        if not names:
            return ""
        if len(names) == 1:
            return self.tr("{0} looks at this").format(names[0])
        if len(names) <= _NAMED:
            return self.tr("{0} and {1} look at this").format(*names)
        return self.tr("%n people look at this", "", len(names))
