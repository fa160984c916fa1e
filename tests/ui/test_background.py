"""Work off the window's thread: the newest question of a key is answered, nobody who is gone, and bugs are not hidden."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Generator, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
import shiboken6
from PySide6.QtCore import QObject
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from csr_desktop.domain.errors import BadInput, CsrDesktopError, DiskFull
from csr_desktop.store.faults import translate
from csr_desktop.ui.background import SameThread, StoreWorker, store_executor
from csr_desktop.ui.kit.theme import ThemeSwitch


@pytest.fixture
def worker(themes: ThemeSwitch) -> Iterator[StoreWorker]:
    made = StoreWorker(ThreadPoolExecutor(1), translate=translate)
    yield made
    made.close()
    QApplication.processEvents()


def settle(worker: StoreWorker, qtbot: QtBot) -> None:
    qtbot.waitUntil(lambda: not worker.is_busy)


def test_work_runs_on_the_stores_thread_and_answers_here(worker: StoreWorker, qtbot: QtBot) -> None:
    owner, answers = QObject(), list[tuple[str, str]]()
    worker.ask(
        owner,
        lambda: threading.current_thread().name,
        lambda name: answers.append((name, threading.current_thread().name)),
    )
    assert worker.is_busy
    settle(worker, qtbot)
    ((there, here),) = answers
    assert here == threading.current_thread().name != there


def test_only_the_newest_of_a_key_is_answered_and_the_older_ones_not_even_asked(
    worker: StoreWorker, qtbot: QtBot
) -> None:
    owner, other, gate = QObject(), QObject(), threading.Event()
    asked, answered = list[str](), list[str]()

    def ask(who: QObject, name: str, key: str) -> None:
        def work() -> str:
            asked.append(name)
            return name

        worker.ask(who, work, answered.append, key=key)

    worker.ask(owner, gate.wait, lambda _: None)
    for name in ("first", "second", "third"):
        ask(owner, name, "selected")
    ask(owner, "of another key", "counts")
    ask(other, "of another owner", "selected")
    ask(owner, "without a key", "")
    ask(owner, "and another", "")
    gate.set()
    settle(worker, qtbot)
    expected = ["third", "of another key", "of another owner", "without a key", "and another"]
    assert asked == expected
    assert answered == expected


def test_an_answer_that_was_under_way_gives_way_to_a_newer_question(worker: StoreWorker, qtbot: QtBot) -> None:
    owner, gate, begun, answered = QObject(), threading.Event(), threading.Event(), list[str]()

    def slow() -> str:
        begun.set()
        gate.wait(5)
        return "old"

    worker.ask(owner, slow, answered.append, key="selected")
    assert begun.wait(5)
    worker.ask(owner, lambda: "new", answered.append, key="selected")
    gate.set()
    settle(worker, qtbot)
    assert answered == ["new"]


def test_an_old_failure_is_not_said_over_a_newer_answer(worker: StoreWorker, qtbot: QtBot) -> None:
    owner, gate, begun, said = QObject(), threading.Event(), threading.Event(), list[object]()

    def slow() -> str:
        begun.set()
        gate.wait(5)
        raise DiskFull

    worker.ask(owner, slow, said.append, said.append, key="selected")
    assert begun.wait(5)
    worker.ask(owner, lambda: "new", said.append, said.append, key="selected")
    gate.set()
    settle(worker, qtbot)
    assert said == ["new"]


def test_answers_for_who_is_gone_are_dropped(worker: StoreWorker, qtbot: QtBot) -> None:
    owner, answered = QObject(), list[int]()
    worker.ask(owner, lambda: 1, answered.append)
    worker.ask(owner, lambda: 2, answered.append, key="k")
    shiboken6.delete(owner)
    settle(worker, qtbot)
    assert answered == []
    assert not worker._newest


def test_what_people_can_read_goes_to_failed(worker: StoreWorker, qtbot: QtBot) -> None:
    owner, own, general = QObject(), list[CsrDesktopError](), list[CsrDesktopError]()
    worker.failed.connect(general.append)

    def wrong() -> None:
        raise BadInput("name", "Type a name.")

    worker.ask(owner, wrong, lambda _: None, own.append)
    worker.ask(owner, wrong, lambda _: None)
    settle(worker, qtbot)
    assert [str(fault) for fault in own] == [str(fault) for fault in general] == ["Type a name."]


@pytest.mark.parametrize("asks", ["own", "general"])
def test_a_drivers_error_that_is_the_worlds_gets_words(worker: StoreWorker, qtbot: QtBot, asks: str) -> None:
    owner, said = QObject(), list[CsrDesktopError]()
    worker.failed.connect(said.append)

    def full() -> None:
        fault = sqlite3.OperationalError("database or disk is full")
        fault.sqlite_errorcode = sqlite3.SQLITE_FULL
        raise fault

    worker.ask(owner, full, lambda _: None, said.append if asks == "own" else None)
    settle(worker, qtbot)
    (fault,) = said
    assert isinstance(fault, DiskFull)
    assert isinstance(fault.__cause__, sqlite3.OperationalError)


def test_a_bug_is_raised_and_does_not_look_like_an_answer(worker: StoreWorker, qtbot: QtBot) -> None:
    owner, said = QObject(), list[object]()
    worker.failed.connect(said.append)

    def bug() -> None:
        raise ZeroDivisionError

    with qtbot.captureExceptions() as caught:
        worker.ask(owner, bug, said.append, said.append)
        settle(worker, qtbot)
    assert [kind for kind, _, _ in caught] == [ZeroDivisionError]
    assert said == []
    worker.ask(owner, lambda: "goes on", said.append)
    settle(worker, qtbot)
    assert said == ["goes on"]


def test_nothing_is_answered_after_closing_but_what_was_asked_is_done(themes: ThemeSwitch) -> None:
    worker, owner, done, answered = StoreWorker(ThreadPoolExecutor(1)), QObject(), list[int](), list[object]()
    worker.ask(owner, lambda: done.append(1), answered.append)
    worker.close()
    worker.ask(owner, lambda: done.append(2), answered.append)
    for _ in range(3):
        QApplication.processEvents()
    assert done == [1]
    assert answered == []


def test_the_one_thread_opens_its_connection_first() -> None:
    opened = list[str]()
    with store_executor(lambda: opened.append(threading.current_thread().name)) as executor:
        names = {executor.submit(lambda: threading.current_thread().name).result() for _ in range(5)}
    assert names == set(opened)
    assert len(opened) == 1


def test_for_tests_work_runs_at_once_and_keeps_its_errors() -> None:
    here = SameThread()
    assert here.submit(threading.current_thread).result() is threading.current_thread()
    assert isinstance(here.submit(lambda: 1 / 0).exception(), ZeroDivisionError)


def test_who_asks_meanwhile_waits_for_one_step_of_what_takes_long(worker: StoreWorker, qtbot: QtBot) -> None:
    owner, seen = QObject(), list[str]()
    begun = threading.Event()

    def long() -> Generator[None, None, str]:
        for step in range(5):
            seen.append(f"step {step}")
            begun.set()
            yield
        return "whole"

    worker.ask_in_steps(owner, long, seen.append, key="long")
    assert begun.wait(5)
    worker.ask(owner, lambda: "short", seen.append)
    settle(worker, qtbot)
    assert seen.index("short") < seen.index("step 2")
    assert seen[-1] == "whole"


def test_what_takes_long_ends_when_it_is_asked_otherwise(worker: StoreWorker, qtbot: QtBot) -> None:
    owner, seen = QObject(), list[str]()

    def long(name: str) -> Generator[None, None, str]:
        for _ in range(50):
            seen.append(name)
            yield
        return f"whole {name}"

    worker.ask_in_steps(owner, lambda: long("first"), seen.append, key="long")
    qtbot.waitUntil(lambda: "first" in seen)
    worker.ask_in_steps(owner, lambda: long("other"), seen.append, key="long")
    settle(worker, qtbot)
    assert seen.count("first") < 50
    assert seen[-1] == "whole other"
    assert "whole first" not in seen
