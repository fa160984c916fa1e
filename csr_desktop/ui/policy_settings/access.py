"""Whether the person sees the pages of policies, followed while their rights change, and the actions that open them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication, QObject

from csr_desktop.ui.actions import Action

if TYPE_CHECKING:
    from collections.abc import Callable

    from csr_desktop.domain.change_set import ChangeSet
    from csr_desktop.ui.desk import Desk


class PolicyAccess(QObject):
    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self._desk = desk
        self.is_given = False
        desk.changed.connect(self._on_changed)
        self._ask()

    def _ask(self) -> None:
        self._desk.ask(self, self._desk.services.people.answers_for_policies, self._take, key="policies")

    def _take(self, is_given: bool) -> None:  # a callback's only argument
        self.is_given = is_given

    def _on_changed(self, change_set: ChangeSet) -> None:
        if change_set.rights or change_set.touches("users"):
            self._ask()


def policy_actions(access: PolicyAccess, open_page: Callable[[str], None]) -> list[Action]:
    """`open_page` is given the key of the settings' tab."""

    def is_given() -> bool:
        return access.is_given

    rules = QCoreApplication.translate("PolicyAccess", "Verification rules: what callers must show")
    scripts = QCoreApplication.translate("PolicyAccess", "Scripts and checklists of topics")
    return [
        Action(
            "verification_rules", rules, lambda: open_page("verification"), icon="shield-check", is_enabled=is_given
        ),
        Action("scripts", scripts, lambda: open_page("scripts"), icon="check-square", is_enabled=is_given),
    ]
