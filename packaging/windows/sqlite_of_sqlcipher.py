"""What `import sqlite3` finds in the program for Windows: SQLCipher's SQLite, which is a plain one without a key.
Python's own would be 1.7 MB for the demo's server alone.

SQLCipher's driver says of an error its kind alone. The finer numbers that are compared with are SQLite's.
"""

from sqlcipher3.dbapi2 import *  # noqa: F403

SQLITE_IOERR_WRITE = 10 | 3 << 8
SQLITE_IOERR_FSYNC = 10 | 4 << 8
SQLITE_IOERR_DIR_FSYNC = 10 | 5 << 8
SQLITE_IOERR_SHMSIZE = 10 | 19 << 8
