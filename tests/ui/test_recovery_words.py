"""What is said after a file was made anew claims no more than is known."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from PySide6.QtWidgets import QApplication

from csr_desktop.domain.sync_status import Recovered, RecoveredWhy, SyncStatus
from csr_desktop.ui.plurals import EnglishPlurals
from csr_desktop.ui.recovery_words import RecoveryWords


@pytest.fixture
def words(qapp: QApplication) -> Iterator[RecoveryWords]:
    plurals = EnglishPlurals()
    qapp.installTranslator(plurals)
    yield RecoveryWords()
    qapp.removeTranslator(plurals)


def test_what_came_along_only_in_part_is_said_so(words: RecoveryWords) -> None:
    assert words.said(Recovered("damaged", 1, salvaged_count=10, is_in_part=True)) == (
        "Your data on this computer was made anew from the server."
        " Taken out of the old file and sent: 10 changes that waited."
        " Some of what had not been sent could not be read from the old file, which is kept."
    )
    assert "Some of" not in words.said(Recovered("damaged", 1, salvaged_count=-1, is_in_part=True))


def test_of_a_file_that_was_gone_it_is_not_said_that_it_is_kept(words: RecoveryWords) -> None:
    assert words.said(Recovered("missing", 1, salvaged_count=-1)) == (
        "The file of your data on this computer was missing or empty, so it was made anew from the server."
        " What had not been sent is not in it: look through what you wrote last."
    )


@pytest.mark.parametrize("why", ["file", "damaged", "missing"])
def test_only_of_a_restored_server_can_it_be_known_that_nothing_is_missing(
    words: RecoveryWords, why: RecoveredWhy
) -> None:
    assert words.done(Recovered("server", 1)) == "Nothing of yours is missing."
    assert words.done(Recovered(why, 1)) == ""


def test_of_a_removed_workstation_all_that_went_with_it_is_counted(words: RecoveryWords) -> None:
    def lost(waiting: int, unfinished: int) -> str:
        return words.removed(SyncStatus("revoked", 1, waiting_count=waiting, unfinished_count=unfinished))[1]

    ask = " If that should not be, ask your administrator, then sign in again."
    assert lost(0, 0) == "Everything that you wrote had been sent." + ask
    assert (
        lost(0, 2) == "Removed with it: 2 texts or calls that you had not finished or the server had not taken." + ask
    )
    assert lost(1, 1) == (
        "Removed with it: 1 change that had not been sent."
        " Removed with it: 1 text or call that you had not finished or the server had not taken." + ask
    )
