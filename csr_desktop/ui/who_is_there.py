"""The colleagues of one's teams with what they do now, in a small list by one's own picture."""

from __future__ import annotations

from typing import TYPE_CHECKING

from csr_desktop.ui.kit.menu_float import MenuFloat
from csr_desktop.ui.kit.picker import Pick
from csr_desktop.ui.presence_words import PresenceWords

if TYPE_CHECKING:
    from csr_desktop.services.presence import PersonPresence
    from csr_desktop.ui.desk import Desk
    from csr_desktop.ui.main_window import MainWindow

_ICONS = {"available": "check-circle", "on_call": "phone", "wrap_up": "note-pencil", "break": "coffee", "offline": ""}


def open_who_is_there(window: MainWindow, desk: Desk) -> None:
    """It follows what they do while it is open."""
    words = PresenceWords(window)

    def picks(team: tuple[PersonPresence, ...]) -> list[Pick]:
        if not team:
            is_known = desk.services.presence.is_known
            nobody = (
                window.tr("Nobody else is in your teams") if is_known else window.tr("Not known without the server")
            )
            return [Pick("", nobody)]
        order = {status: at for at, status in enumerate(_ICONS)}
        rows = sorted(team, key=lambda person: order[person.status])
        return [Pick(one.user_id, one.name, since(one), icon=_ICONS[one.status]) for one in rows]

    def since(person: PersonPresence) -> str:
        at = person.since_at if person.status != "available" else 0
        return words.beside(words.status(person.status), desk.words.time_of_day(at) if at else "")

    def show(team: tuple[PersonPresence, ...]) -> None:
        made = MenuFloat(desk.themes, window, window.tr("Who is there"), picks(team))
        made.open_by(window.top_bar.avatar, is_trailing=True)

        def again() -> None:
            desk.ask(made, desk.services.presence.team, lambda now: made.offer(picks(now)), key="there")

        desk.presence_changed.connect(again)
        made.left.connect(lambda: desk.presence_changed.disconnect(again))

    desk.ask(desk, desk.services.presence.team, show, key="there")
