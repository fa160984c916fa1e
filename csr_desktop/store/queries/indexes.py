"""Indexes that the desk's screens want beyond those of the shared tables. Without them all works, only slower."""

from __future__ import annotations

from typing import Final

DESK_INDEXES: Final = (
    # The list of clients and its filter, in the order a person reads names.
    "CREATE INDEX IF NOT EXISTS clients_by_name ON clients (name COLLATE NOCASE, id, code) WHERE deleted = 0",
    "CREATE INDEX IF NOT EXISTS clients_by_specialist ON clients (specialist_id, name COLLATE NOCASE, id) "
    "WHERE deleted = 0",
    # The team's calls, and usual handle times.
    "CREATE INDEX IF NOT EXISTS interactions_started ON interactions (started_at, id)",
    # What led to a follow-up.
    "CREATE INDEX IF NOT EXISTS interactions_ticket ON interactions (ticket_id) WHERE ticket_id <> ''",
    # Done today.
    "CREATE INDEX IF NOT EXISTS follow_ups_completed ON follow_ups (completed_by_id, completed_at)",
    # The inbox: escalations are few, views by state are long.
    "CREATE INDEX IF NOT EXISTS inbox_items_escalated ON inbox_items (escalated_to_id, consequence_at, item_id) "
    "WHERE escalated_to_id <> ''",
    "CREATE INDEX IF NOT EXISTS inbox_items_state ON inbox_items (state, consequence_at, item_id)",
    # Cut-offs that have passed.
    "CREATE INDEX IF NOT EXISTS client_clocks_cut_off ON client_clocks (cut_off_at)",
)
