"""The workstation: places of files, settings, keyring, diagnostics, single instance. No database, no window."""
