"""The search box: people and work by whatever one knows of them, as one types."""

from __future__ import annotations

from typing import TYPE_CHECKING

from csr_desktop.store.search import SearchQuery
from csr_desktop.store.search_results import Hit, SearchResults, Section, SectionKey

if TYPE_CHECKING:
    from csr_desktop.sync.replica import Replica

__all__ = ["Hit", "Search", "SearchResults", "Section", "SectionKey"]


class Search:
    """Used on the store's thread. A leading # finds only numbers; > is for commands, which are the window's."""

    def __init__(self, replica: Replica) -> None:
        self._replica = replica
        self._query = SearchQuery(replica.sql)

    def find(self, text: str) -> SearchResults:
        """The best lines for a text, people before work and who is near to me before others; recent ones for an empty
        box.
        """
        return self._query.find(text, self._replica.who().id) if text.strip() else self.recent()

    def find_all(self, text: str, key: SectionKey) -> Section:
        """All lines of one section, of very many the first."""
        return self._query.find_all(text, self._replica.who().id, key)

    def recent(self) -> SearchResults:
        """My last calls and whom they were with. Asking this when the box opens makes the first letter quicker."""
        return self._query.recent(self._replica.who().id)

    def tidy(self) -> bool:
        """A step of work for an idle moment, of up to a tenth of a second. Whether there is more of it."""
        return self._query.tidy()
