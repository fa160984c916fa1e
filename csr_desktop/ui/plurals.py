"""English plurals for texts with a count: "%n day(s)" becomes "1 day" or "3 days". Other languages bring their own."""

from __future__ import annotations

from PySide6.QtCore import QTranslator

_ENDING = "(s)"


class EnglishPlurals(QTranslator):
    """Installed where no translation is: the texts in the code are English, but Qt leaves "(s)" as it stands."""

    def isEmpty(self) -> bool:
        return False

    def translate(self, context: str, source_text: str, disambiguation: str | None = None, n: int = -1) -> str:  # noqa: ARG002
        if n < 0 or _ENDING not in source_text:
            return source_text
        return source_text.replace(_ENDING, "" if n == 1 else "s")
