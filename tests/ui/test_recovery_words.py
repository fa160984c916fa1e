"""What is said after a file was made anew claims no more than is known."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from PySide6.QtWidgets import QApplication

from csr_desktop.domain.sync_status import Recovered, RecoveredWhy
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
