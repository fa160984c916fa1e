"""The small bureau of the server's tests, for processes of their own too."""

from __future__ import annotations

from tests.server.conftest import bureau, desk, folder, server

__all__ = ["bureau", "desk", "folder", "server"]
