"""Messages between desk and server, and their version. MessagePack, compressed with zstd on the wire.

Rows travel as lists, with the order of the columns said once an answer. Times are milliseconds since the epoch, UTC.
"""

from __future__ import annotations

from typing import Any

import msgspec

from csr_desktop.domain.permissions import Role
from csr_desktop.domain.phone_calls import PhoneCall

PROTOCOL = 2
SERVED = (1, 2)
"""Versions that this server speaks, its own and the two before it; the desk says its own in each request.

2: older rows beside the changes, comparing, streams and presence. Fields came at the end, with defaults.
"""
MEDIA_TYPE = "application/msgpack"
VERSION_HEADER = "CSR-Protocol"
SCHEMA_HEADER = "CSR-Schema"
"""The schema's version: the desk's in each request since protocol 2, the server's in each reply. Columns are named in
each answer, so another version is no reason to wait; it tells whoever runs the server which desks are behind.
"""
PAGE = 2000
"""Rows a page of the feed."""
PUSH_LIMIT = 500
"""Commands a push."""
AGAIN_LIMIT = 500
"""Rows that are asked for by name a pull."""
MAX_BODY_BYTES = 8 * 1024 * 1024
"""Of a request, before and after decompression."""


class Answer(msgspec.Struct, frozen=True, array_like=True):
    """What became of a command: done, differs, refused or void."""

    seq: int
    command_id: str
    status: str
    code: str
    reason: str


class Rights(msgspec.Struct, frozen=True):
    """Who the person is by now; kept in the desk's file, so that commands run the same after a restart."""

    user_id: str
    name: str
    role: Role
    teams: list[str]
    scopes: list[str]


class PushRequest(msgspec.Struct, frozen=True):
    """Commands as the desk stored them, byte for byte, in the order of their seq."""

    commands: list[bytes]


class PushReply(msgspec.Struct, frozen=True):
    """A hint only: the pull tells what is known for good."""

    seq: int


DIRECTORY, OPEN_WORK, OLDER = 0, 1, 2
"""Stages of a fill: what is everyone's, the open work, and all that is kept of the rest."""


class Fill(msgspec.Struct, frozen=True, array_like=True):
    """How far a scope's rows have come that were there when its cursor was set: stage by stage, table by table in the
    order of the tables, each from the newest revision down. Rows of this table under the revision `below` come next,
    about `left` rows in all.

    What changes meanwhile has a revision above the cursor and comes with the changes. A row that came by both ways is
    right by the later one, since each page is read after the one before.
    """

    scope: str
    stage: int
    table: str
    below: int
    left: int


class PullRequest(msgspec.Struct, frozen=True):
    """`asked` is fresh and random; `cursors` the last rev by scope; `answered` the last seq whose answer was kept.

    `epoch` is the one of the last reply. A server that was put back from a backup answers with the problem `restored`
    when it can tell; the same question without epoch, cursors and answered is then served from the beginning.

    `fills` are those of the last reply. An older workstation has none (None): it is sent everything by revision, and
    nothing is left out for being old. `again` names rows by table that are wanted whatever the cursors say.
    """

    asked: str
    cursors: dict[str, int]
    answered: int
    limit: int = PAGE
    epoch: str = ""
    fills: list[Fill] | None = None
    again: dict[str, list[str]] = {}


class Gone(msgspec.Struct, frozen=True, array_like=True):
    """A row that left this scope at `rev`."""

    scope: str
    table: str
    row_id: str
    rev: int


class PullReply(msgspec.Struct, frozen=True):
    """Rows after the cursors, all of one moment. `seq` and `answers` come when no more changes follow; before, `seq`
    is -1.

    `fills` are the scopes of which older rows follow; their cursors say where changes are taken up meanwhile. `resync`
    are those among them of which too little is remembered to go on from the workstation's cursor: the scope is taken
    again beside the old rows, and those that have not come when its fill ends are no longer there. This is the one
    place where absence deletes. `cut_off_at` is the time before which what is done is not kept on workstations, 0 for
    none.
    """

    asked: str
    epoch: str
    now: int
    rights: Rights
    columns: dict[str, list[str]]
    rows: dict[str, list[list[Any]]]
    gone: list[Gone]
    cursors: dict[str, int]
    more: bool
    seq: int
    answers: list[Answer]
    left: int = 0
    """Rows that are still to come, about; for a progress."""
    fills: list[Fill] = []
    resync: list[str] = []
    cut_off_at: int = 0
    attachment_bytes: int = 0
    """The largest file that this server takes; 0 for one that knows of no attachments."""
    newest_desk: str = ""
    """The version of the desk that the organisation has ready, '' when its administrator named none."""


class Problem(msgspec.Struct, frozen=True):
    """Why a request was not served: a stable code, words for a person, and what to do.

    `proofs` come with the problem `revoked` of a token request alone: HMAC-SHA256 of `revoked_text` under each database
    key that is kept for the workstation. Nothing is wiped for the word of a host that has none of them.
    """

    code: str
    title: str
    advice: str = ""
    proofs: list[bytes] = []


class SignInRequest(msgspec.Struct, frozen=True):
    """A person's first word from a workstation; `public_key` is the workstation's Ed25519 key, raw, `database_key` a
    fresh one of 32 bytes. `device_id` is given by a workstation that has a database file but lost its keyring.

    `key_checks` are the values by which the keys of the database files that lie there are recognised.
    """

    login: str
    password: str
    device_name: str
    public_key: bytes
    database_key: bytes
    device_id: str = ""
    key_checks: list[str] = []


class SignInReply(msgspec.Struct, frozen=True):
    """`device_id` is the one asked for when that workstation is this person's and not revoked, else a new one."""

    device_id: str
    user_id: str
    name: str
    organisation: str
    database_key: bytes
    """The key to use: the one sent when it opens a file there, else the kept one that does, else the newest kept for
    this workstation, else the one sent.
    """


class ChallengeReply(msgspec.Struct, frozen=True):
    challenge: bytes


def token_text(challenge: bytes, device_id: str) -> bytes:
    """What a workstation signs to get a token."""
    return b"csr-desktop token 1:" + challenge + device_id.encode()


def revoked_text(challenge: bytes, device_id: str) -> bytes:
    """What a server authenticates with a workstation's database key when it says that it was revoked."""
    return b"csr-desktop revoked 1:" + challenge + device_id.encode()


class TokenRequest(msgspec.Struct, frozen=True):
    """The challenge signed with the workstation's key."""

    device_id: str
    challenge: bytes
    signature: bytes


class TokenReply(msgspec.Struct, frozen=True):
    token: str
    valid_seconds: int


# Whether a workstation has what the server has


class Digest(msgspec.Struct, frozen=True, array_like=True):
    """Of some rows: how many, and the sum of domain.digest.row_digest modulo 2^64."""

    count: int
    total: int


class CheckRequest(msgspec.Struct, frozen=True):
    """Asked by a workstation that has caught up to these cursors. Without `scope` it asks for the digest of each scope,
    with it for those of its buckets (the last two letters of the id), or for the rows of these `buckets`.

    With `differing_count` it tells instead what came of it, -1 for nothing to tell.
    """

    cursors: dict[str, int]
    cut_off_at: int
    scope: str = ""
    buckets: list[str] = []
    row_count: int = 0
    differing_count: int = -1


class CheckReply(msgspec.Struct, frozen=True):
    """`is_now` tells whether the server still stands where the workstation does; else it is asked another time. `rows`
    are revisions by table and id.
    """

    is_now: bool
    scopes: dict[str, Digest] = {}
    buckets: dict[str, Digest] = {}
    rows: dict[str, dict[str, int]] = {}


# Live: hints that something is new, and presence, which nobody stores


class CallTaking(msgspec.Struct, frozen=True):
    """A phone system's call of mine stands in this workstation's call pane; with `takes_over` even where it stood in
    another one's. Where it stands is told as `CallNews`.
    """

    reference: str
    takes_over: bool = False


class PresenceWord(msgspec.Struct, frozen=True):
    """What a workstation says of its person: a status of `domain.presence`, the ticket that they look at, and the kind
    of text that they write in it, '' for none. `scope` is that ticket's team. Said at each change and every
    `PRESENCE_SECONDS`; `calls`, those of which something new is to be said of where they stand, are said once.
    """

    status: str
    ticket_id: str = ""
    writes: str = ""
    scope: str = ""
    calls: list[CallTaking] = []


class Present(msgspec.Struct, frozen=True):
    """What a colleague is told of a person. The status is 'offline' for who is not there, and '' where only the ticket
    may be known or nothing any more.
    """

    user_id: str
    status: str
    since_at: int = 0
    ticket_id: str = ""
    writes: str = ""


class PresenceReply(msgspec.Struct, frozen=True):
    """Everyone of whom the person may know and who is there; for who has no stream."""

    people: list[Present]


class PokeRequest(msgspec.Struct, frozen=True):
    """A long poll: wait until a scope of mine has something after these cursors, or until the people who are there are
    not those of the `present` that the last reply said; -1 does not ask for them.
    """

    cursors: dict[str, int]
    present: int = -1
    calls: int = -1
    """And until the calls of phone systems are not those of the `calls` that the last reply said; -1 asks for none."""


class PokeReply(msgspec.Struct, frozen=True):
    is_news: bool
    present: int = -1
    people: list[Present] = []
    calls: int = -1
    call_news: bytes = b""
    """A `CallNews` with all of them, as the stream has it; a desk that cannot read it goes on without."""


class StreamRequest(msgspec.Struct, frozen=True):
    """A stream of server-sent events: `open` at once, `news` with a `News`, `presence` with a `PresenceNews`, `calls`
    with a `CallNews`, and `end` when it is over. They are JSON, since such a stream is text. A comment every
    `BEAT_SECONDS` shows that it lives.
    """

    cursors: dict[str, int]


class News(msgspec.Struct, frozen=True):
    """The newest rev by scope; the scope '' stands for any. `is_sure` is a reason to pull whatever is known."""

    scopes: dict[str, int]
    is_sure: bool = False


class PresenceNews(msgspec.Struct, frozen=True):
    """What changed of people; with `is_all` nobody else is there."""

    people: list[Present]
    is_all: bool = False


# Calls that phone systems tell of, to the desks of the agents concerned. Nobody stores them beside the server.


class CallNews(msgspec.Struct, frozen=True):
    """Calls of mine as they are now, by what phone systems said. With `is_all` no other goes on. `elsewhere` gives, by
    `domain.phone_calls.call_reference`, the name of another of my workstations where one of them stands.
    """

    calls: list[PhoneCall]
    is_all: bool = False
    elsewhere: dict[str, str] = {}


STREAM_TYPE = "text/event-stream"
BEAT_SECONDS = 15.0
PRESENCE_SECONDS = 20.0
"""How often a workstation repeats its presence."""
LOST_SECONDS = 45.0
"""Who was not heard of for so long is offline."""


# The content of attachments, which travels beside the rows. `id` is the attachment's.

CONTENT_PART_BYTES = 1024 * 1024
"""Sent and fetched at once, at most."""


class ContentQuestion(msgspec.Struct, frozen=True):
    """How much of the content is there; asked before the first part, and after an interruption."""

    id: str


class ContentPart(msgspec.Struct, frozen=True):
    """Bytes from `offset` on. They are taken only where what is there ends, and if they have this SHA-256."""

    id: str
    offset: int
    body: bytes
    sha256: bytes


class ContentState(msgspec.Struct, frozen=True):
    """Where to go on; `is_there` once the server has all of it for good."""

    received: int
    is_there: bool = False


class ContentRequest(msgspec.Struct, frozen=True):
    id: str
    offset: int


class ContentReply(msgspec.Struct, frozen=True):
    """Whole parts of CONTENT_PART_BYTES, the last one shorter."""

    body: bytes


# Older history: work outside of the asking person's share, to be read by way of its client and kept for a day

OLDER_PAGE = 200
"""Rows of a page, at most."""
OLDER_COUNTED = 1000
"""So far is counted what is left; one more stands for any number above."""
OLDER_MESSAGES = 500
"""Messages that come with a ticket, the newest."""
OLDER_HITS = 50


class OlderPageRequest(msgspec.Struct, frozen=True):
    """A client's work after a key of time and id, the newest first; the id '' begins. The times are those of the
    timeline: a call's start, a ticket's last message, when a follow-up was made. No `kinds` are all: call, ticket,
    follow_up.
    """

    client_id: str
    after_at: int = 0
    after_id: str = ""
    kinds: list[str] = []
    limit: int = OLDER_PAGE


class OlderPageReply(msgspec.Struct, frozen=True):
    """Rows by table as in `PullReply`. The next page is asked for after (next_at, next_id), '' when there is none;
    about `left` rows are in it and the pages behind it.
    """

    columns: dict[str, list[str]]
    rows: dict[str, list[list[Any]]]
    next_at: int = 0
    next_id: str = ""
    left: int = 0


class OlderRowRequest(msgspec.Struct, frozen=True):
    """A call, ticket or follow-up by the name of its table."""

    table: str
    row_id: str


class OlderRowReply(msgspec.Struct, frozen=True):
    """The row, and of a ticket its messages, the newest `OLDER_MESSAGES`, and what its files are called."""

    columns: dict[str, list[str]]
    rows: dict[str, list[list[Any]]]


class OlderSearchRequest(msgspec.Struct, frozen=True):
    """All words of the text have to be found, those of three letters and more at least as a word's beginning."""

    text: str
    limit: int = OLDER_HITS


class OlderFound(msgspec.Struct, frozen=True, array_like=True):
    """A call, ticket, message or follow-up outside of the share. `title` is the part of its text that agrees, on one
    line, with `marks` as (start, length) in characters; `subject` and `number` are its ticket's. `view_kind` is a
    call's or ticket's channel, else the row's kind; `state` a call's result, else the state.
    """

    table: str
    row_id: str
    scope: str
    client_id: str
    contact_id: str
    ticket_id: str
    at: int
    title: str
    marks: list[tuple[int, int]]
    subject: str = ""
    number: int = 0
    view_kind: str = ""
    state: str = ""
    direction: str = ""


class OlderSearchReply(msgspec.Struct, frozen=True):
    """Whole words first, then beginnings, each the newest first."""

    hits: list[OlderFound]
    is_more: bool = False


# PINs of callers, which the server alone knows, as hashes


class PinQuestion(msgspec.Struct, frozen=True):
    """Whether this is the contact's PIN."""

    contact_id: str
    pin: str


class PinReply(msgspec.Struct, frozen=True):
    """`outcome` is passed, failed, none (there is no PIN), locked (too many failed) or set. `passed_at` is what the
    evidence says as the time, by the server's clock.
    """

    outcome: str
    passed_at: int = 0


class PinSetting(msgspec.Struct, frozen=True):
    """A contact's new PIN, '' for none any more."""

    contact_id: str
    pin: str


class ErrorReport(msgspec.Struct, frozen=True):
    """How a workstation's program failed: which error and where in the code, of system.crashes. No data of clients."""

    text: str


class ErrorReportReply(msgspec.Struct, frozen=True):
    """`is_kept` is False where the server has just been told of many."""

    is_kept: bool


_encode = msgspec.msgpack.Encoder().encode


def encode(message: msgspec.Struct) -> bytes:
    return _encode(message)


# How many private numbers were masked and how many kept as none: for the lead of those people, without any content

PRIVATE_COUNTS = 20_000


class PrivateCountsRequest(msgspec.Struct, frozen=True):
    """Of the days from `from_day` to `to_day`, ISO, both in, in the organisation's time zone."""

    from_day: str
    to_day: str


class PrivateCount(msgspec.Struct, frozen=True, array_like=True):
    """Of one person and day."""

    user_id: str
    day: str
    masked_count: int
    kept_count: int


class PrivateCountsReply(msgspec.Struct, frozen=True):
    """By day, then person, the latest PRIVATE_COUNTS of them."""

    counts: list[PrivateCount]
