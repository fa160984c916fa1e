"""What is said after the server or the file was put back: what happened, what was done about it, what is left."""

from __future__ import annotations

from PySide6.QtCore import QObject

from csr_desktop.domain.sync_status import Recovered, SyncStatus


class RecoveryWords(QObject):
    def said(self, found: Recovered | None) -> str:
        """One or more sentences; '' for nothing."""
        if found is None:
            return ""
        return " ".join(part for part in (self.happened(found), self.done(found), self.left(found)) if part)

    def happened(self, found: Recovered) -> str:
        return {
            "server": self.tr("The server was put back to an earlier state."),
            "file": self.tr("Your data on this computer was put back from a backup."),
            "damaged": self.tr("Your data on this computer was made anew from the server."),
            "missing": self.tr(
                "The file of your data on this computer was missing or empty, so it was made anew from the server."
            ),
        }[found.why]

    def done(self, found: Recovered) -> str:
        parts = []
        if found.salvaged_count > 0:
            count = found.salvaged_count
            parts.append(self.tr("Taken out of the old file and sent: %n change(s) that waited.", "", count))
        if found.again_count:
            parts.append(self.tr("Sent to it again: %n change(s) of yours that it had lost.", "", found.again_count))
        if found.why == "server" and not parts and not found.needs_person:
            parts.append(self.tr("Nothing of yours is missing."))
        return " ".join(parts)

    def left(self, found: Recovered) -> str:
        parts = []
        if found.why == "missing":
            parts.append(self.tr("What had not been sent is not in it: look through what you wrote last."))
        elif found.salvaged_count < 0:
            parts.append(self.tr("What had not been sent could not be read from the old file, which is kept."))
        elif found.is_in_part:
            parts.append(self.tr("Some of what had not been sent could not be read from the old file, which is kept."))
        if found.only_here_count:
            count = found.only_here_count
            parts.append(self.tr("Only on this computer for now: %n thing(s) that others wrote.", "", count))
        return " ".join(parts)

    def removed(self, status: SyncStatus) -> tuple[str, str]:
        """Title and advice for a workstation that was revoked."""
        parts = []
        if status.waiting_count:
            count = status.waiting_count
            parts.append(self.tr("Removed with it: %n change(s) that had not been sent.", "", count))
        if status.unfinished_count:
            parts.append(
                self.tr(
                    "Removed with it: %n text(s) or call(s) that you had not finished or the server had not taken.",
                    "",
                    status.unfinished_count,
                )
            )
        kept = " ".join(parts) or self.tr("Everything that you wrote had been sent.")
        return (
            self.tr("An administrator signed this computer out, so your data was removed from it."),
            f"{kept} {self.tr('If that should not be, ask your administrator, then sign in again.')}",
        )
