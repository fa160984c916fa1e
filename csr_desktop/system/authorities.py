"""Who may vouch for a server: the authorities in the system's own store."""

from __future__ import annotations

import ssl
import sys
from pathlib import Path
from typing import Final

_USUAL: Final = (  # where truststore looks when OpenSSL's own places are empty
    "/etc/ssl/cert.pem",
    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
    "/etc/pki/tls/cert.pem",
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/ssl/ca-bundle.pem",
)


def has_authorities() -> bool:
    """Whether the store has any. Windows and macOS always bring theirs; on Linux the package may be missing."""
    if sys.platform in {"win32", "darwin"}:
        return True
    places = ssl.get_default_verify_paths()
    if places.capath and any(Path(places.capath).iterdir()):  # each of them is read when it is needed
        return True
    if places.cafile:
        return ssl.create_default_context().cert_store_stats()["x509_ca"] > 0
    return any(Path(place).is_file() for place in _USUAL)
