"""What can be written on a ticket: to the client, among us, or what the client said."""

from typing import Final

REPLY: Final = "reply"
NOTE: Final = "note"
HEARD: Final = "heard"
