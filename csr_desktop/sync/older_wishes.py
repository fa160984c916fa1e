"""What a person wants to see of the older history, and how it stands: in memory, between the screens and the thread
that asks the server. A wish that is not wanted any more is dropped; why one failed stays until it is wished again.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Final, Literal, NamedTuple

if TYPE_CHECKING:
    from csr_desktop.protocol import OlderSearchReply, PrivateCountsReply

WishKind = Literal["page", "row", "search", "counts"]
Step = Literal["", "fetching", "offline", "refused"]
SEARCH: Final = "search"
"""What stands for a search among the ids that changed."""
COUNTS: Final = "counts"
"""The same of a lead's counts."""
_MOST: Final = 64


class Wish(NamedTuple):
    """A client's next page; a row of `table` with what belongs to it; what a text is found in; or a lead's counts of
    private numbers, from one day to another with a space between.
    """

    kind: WishKind
    subject: str
    table: str = ""

    @property
    def told_as(self) -> str:
        return {"search": SEARCH, "counts": COUNTS}.get(self.kind, self.subject)


class Standing(NamedTuple):
    """`words` say why it could not be had, and what to do."""

    step: Step = ""
    words: str = ""


class OlderWishes:
    """May be used from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._standing: dict[Wish, Standing] = {}
        """Oldest wish first. A wish that was fulfilled is no longer here."""
        self._again: set[Wish] = set()
        """Of those that failed, what is to be tried once more without anybody's asking."""
        self._found: tuple[str, OlderSearchReply | None] = ("", None)
        self._counted: tuple[str, PrivateCountsReply | None] = ("", None)
        self.come = threading.Event()
        """Set by each wish."""

    def want(self, wish: Wish) -> None:
        """The latest wish is the next to be fulfilled. Another search takes the place of the one before."""
        with self._lock:
            if wish.kind == "search":
                self._drop_searches(wish)
            self._standing.pop(wish, None)
            self._standing[wish] = Standing("fetching")
            for old in list(self._standing)[:-_MOST]:
                del self._standing[old]
        self.come.set()

    def drop(self, kind: WishKind, subject: str = "") -> None:
        """It is not wanted any more; of a search, nor is what was found."""
        with self._lock:
            if kind == "search":
                self._drop_searches(None)
                self._found = ("", None)
            for wish in [wish for wish in self._standing if wish.kind == kind and wish.subject == subject]:
                del self._standing[wish]

    def _drop_searches(self, but: Wish | None) -> None:
        for wish in [wish for wish in self._standing if wish.kind == "search" and wish != but]:
            del self._standing[wish]

    def standing(self, wish: Wish) -> Standing:
        with self._lock:
            return self._standing.get(wish, Standing())

    def searched(self) -> tuple[str, OlderSearchReply | None]:
        """The text that was searched for last and is still wanted, and what was found; None until it is known."""
        with self._lock:
            wanted = [wish.subject for wish in self._standing if wish.kind == "search"]
            return (wanted[-1], None) if wanted else self._found

    def counted(self) -> tuple[str, PrivateCountsReply | None]:
        """The days that were counted last, and what the server said; None before it did."""
        with self._lock:
            return self._counted

    # For the thread that fulfils them

    def next(self) -> Wish | None:
        with self._lock:
            self._again &= self._standing.keys()
            waiting = [wish for wish, said in self._standing.items() if said.step == "fetching" or wish in self._again]
            return waiting[-1] if waiting else None

    def is_wanted(self, wish: Wish) -> bool:
        with self._lock:
            return wish in self._standing

    def try_again(self) -> None:
        """The server may be reached by now: what failed because it was not is tried once more, and stands meanwhile as
        it stood.
        """
        with self._lock:
            self._again = {wish for wish, standing in self._standing.items() if standing.step == "offline"}

    def fulfilled(self, wish: Wish, found: OlderSearchReply | None = None) -> None:
        with self._lock:
            if self._standing.pop(wish, None) is not None and found is not None:
                self._found = (wish.subject, found)

    def counts_came(self, wish: Wish, found: PrivateCountsReply) -> None:
        with self._lock:
            if self._standing.pop(wish, None) is not None:
                self._counted = (wish.subject, found)

    def failed(self, wish: Wish, step: Literal["offline", "refused"], words: str) -> None:
        with self._lock:
            self._again.discard(wish)
            if wish in self._standing:
                self._standing[wish] = Standing(step, words)

    def forget_all(self) -> None:
        """What the person may read has changed."""
        with self._lock:
            self._standing.clear()
            self._found = ("", None)
            self._counted = ("", None)
