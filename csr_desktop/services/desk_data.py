"""A signed-in person's data on this workstation: the open file, what runs commands on it, and the services over it."""

from __future__ import annotations

import functools
import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from csr_desktop.domain.ids import id_source
from csr_desktop.domain.sync_status import SyncStatus
from csr_desktop.protocol import CallNews, PresenceNews, Rights
from csr_desktop.services.desk_services import Services, build_services
from csr_desktop.services.sign_in import Account, DeviceKey, is_proved
from csr_desktop.store.opening import close_desk, open_desk, refresh_meta
from csr_desktop.sync.replica import Replica, first_rights, newcomer
from csr_desktop.system.keyring_store import PersonSecrets
from csr_desktop.system.proxies import Proxies
from csr_desktop.system.resources import resource_text

if TYPE_CHECKING:
    from csr_desktop.domain.deposits import DepositRules
    from csr_desktop.store.projection import Projection
    from csr_desktop.sync.engine import Engine
    from csr_desktop.system.settings import FilesWay

_AS_SYSTEM = Proxies()


@functools.cache
def deposit_rules() -> DepositRules:
    """The country's deposit and filing rules, read when first asked for."""
    from csr_desktop.domain.deposits import decode_rules

    return decode_rules(resource_text("payroll", "us.toml"))


def random_bits(count: int) -> int:
    """From the system, as `secrets.randbits`, whose module costs the start of the program more than it is worth."""
    return int.from_bytes(os.urandom((count + 7) // 8)) >> (-count % 8)


class CorrectedClock:
    """The workstation's clock, set right by what the last pull said. Asks no database: any thread may read it."""

    def __init__(self, clock: Callable[[], int]) -> None:
        self._clock = clock
        self.offset = 0

    def __call__(self) -> int:
        return self._clock() + self.offset


class DeskData:
    """Open parts of one person's file. Made, used and closed on the store's thread; only `now` is for any thread."""

    def __init__(
        self,
        folder: Path,
        account: Account,
        keys: PersonSecrets,
        clock: Callable[[], int],
        local_zone: str,
        proxies: Proxies = _AS_SYSTEM,
        *,
        on_proven: Callable[[Account], None] | None = None,
        files: FilesWay = "on",
    ) -> None:
        """Raises Unreadable when the file and its key do not fit, EnvironmentFault for the place. `on_proven` is given
        where the server has not been heard of at the account's address yet: it is told once it was, on any thread.
        `files` is as `Attachments` has it.
        """
        self.account = account
        self._on_proven = on_proven
        self.clock = clock
        self.now = CorrectedClock(clock)
        self._keys = keys
        self._proxies = proxies
        self.sql = open_desk(folder / account.file_name, keys.database_key, clock=clock)
        self.replica = Replica(self.sql, clock, id_source(self.now, random_bits), self._projections)
        if "rights" not in (state := self.replica.state()):
            rights: Rights = newcomer(account.user_id, account.name)
            first_rights(self.replica, account.device_id, rights)
        elif state["device_id"] != account.device_id:
            self.replica.take_device(account.device_id)
        self.now.offset = int(state.get("offset", 0))
        self.services: Services = build_services(self.replica, local_zone)
        self.services.files = files
        self.error_report = ""
        """How the program failed when it last ran, for the organisation's server; '' when nothing is to be sent."""

    def _projections(self) -> tuple[Projection, ...]:
        from csr_desktop.store.client_clocks import ClientClocks
        from csr_desktop.store.inbox_projection import InboxProjection
        from csr_desktop.store.search_projection import SearchProjection

        return ClientClocks(self.now, deposit_rules), InboxProjection(self.now), SearchProjection()

    def engine(
        self,
        on_changed: Callable[..., None],
        on_status: Callable[[SyncStatus], None],
        on_people: Callable[[PresenceNews | None], None] = lambda _news: None,
        on_calls: Callable[[CallNews], None] = lambda _news: None,
    ) -> Engine:
        """The one that syncs, not yet started."""
        from csr_desktop.sync.attachments import AttachmentSync
        from csr_desktop.sync.engine import Engine
        from csr_desktop.sync.error_reports import ErrorReporting
        from csr_desktop.sync.older import OlderSync
        from csr_desktop.sync.pins import PinAsking
        from csr_desktop.sync.transport import HttpTransport

        transport = HttpTransport(
            self.account.server_url,
            self.account.device_id,
            DeviceKey(self._keys.device_key),
            self.clock,
            is_proved=functools.partial(is_proved, self._keys),
            proxies=self._proxies,
            is_at_new_address=self._on_proven is not None,
        )

        def status(said: SyncStatus) -> None:
            if said.state == "saved":
                self.now.offset = int(self.replica.state().get("offset", 0))
                refresh_meta(self.sql)
                on_proven, self._on_proven = self._on_proven, None
                if on_proven is not None:
                    on_proven(self.account)
            on_status(said)

        files = AttachmentSync(self.replica, transport, on_changed)
        older = OlderSync(self.replica, transport, self.services.older_wishes, on_changed)
        return Engine(
            self.replica,
            transport,
            self.clock,
            on_changed,
            status,
            on_people=on_people,
            companions=(
                files,
                older,
                PinAsking(transport, self.services.pin_questions, on_changed),
                ErrorReporting(transport, lambda: self.error_report, self._report_sent),
            ),
            on_calls=on_calls,
        )

    def _report_sent(self) -> None:
        self.error_report = ""

    def rejoin(self, account: Account, keys: PersonSecrets) -> None:
        """The person signed in again: the same file speaks as this workstation now. No engine runs meanwhile."""
        if self.replica.state()["device_id"] != account.device_id:
            self.replica.take_device(account.device_id)
        self.account, self._keys = account, keys
        refresh_meta(self.sql)

    def close(self) -> None:
        close_desk(self.sql)
