"""The window: Qt lives here and nowhere else.

Screens ask `services` and are told what changed; they know no database, no sync and no server. Views never import
each other: what two of them need is in `kit`.
"""
