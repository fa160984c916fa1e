from __future__ import annotations

import pytest

from csr_desktop.system.shown_settings import shown


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("bob:hunter2@proxy.example.com:3128", "proxy.example.com:3128"),
        ("https://ann:pw@desk.example.com/csr", "https://desk.example.com/csr"),
        ("https://:pw@desk.example.com", "https://desk.example.com"),
        ("https://dial.example.com/?number={number}&token=secret", "https://dial.example.com/?…"),
        (
            '"C:\\Dial\\dial.exe" --to sip:{number}@pbx.example.com',
            '"C:\\Dial\\dial.exe" --to sip:{number}@pbx.example.com',
        ),
        ("sip:{number}@pbx.example.com", "sip:{number}@pbx.example.com"),
        ("proxy.example.com:3128", "proxy.example.com:3128"),
        ("%LOCALAPPDATA%\\desks", "%LOCALAPPDATA%\\desks"),
        ("", ""),
    ],
)
def test_no_password_or_token_is_shown(value: str, said: str) -> None:
    assert shown(value) == said
