"""The small bureau of the server's tests, for processes of their own too, and what dresses a window."""

from __future__ import annotations

from tests.server.conftest import bureau, desk, folder, server
from tests.ui.conftest import theme_switch, themes

__all__ = ["bureau", "desk", "folder", "server", "theme_switch", "themes"]
