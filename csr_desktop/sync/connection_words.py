"""Words for what goes wrong on the way to a server, by what the libraries and the system say of it."""

from __future__ import annotations

import ssl
from urllib.parse import urlsplit

from csr_desktop.domain.errors import CsrDesktopError, NotTrusted
from csr_desktop.sync.answers import NoAnswer


def network_fault(fault: Exception, url: str) -> CsrDesktopError:
    """Words for what went wrong on the way, by the chain of causes."""
    host = urlsplit(url).hostname or url
    kept = "Everything is kept here and will be sent when it answers."
    cause: BaseException | None = fault
    while cause is not None:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return NotTrusted(*_certificate_words(cause, host))
        if isinstance(cause, ssl.SSLError):
            return NotTrusted(
                f"No protected connection to {host} could be made.", "Tell your IT; everything is kept here."
            )
        cause = cause.__cause__ or cause.__context__
    name = type(fault).__name__
    if "ConnectTimeout" in name or "ReadTimeout" in name or "WriteTimeout" in name or "PoolTimeout" in name:
        return NoAnswer(f"{host} did not answer in time.", kept)
    return NoAnswer(f"{host} can't be reached.", kept)


_OTHER_HOST = ("hostname mismatch", "ip address mismatch", "not valid for", "doesn't match", "name does not match")


def _certificate_words(fault: ssl.SSLCertVerificationError, host: str) -> tuple[str, str]:
    message = f"{fault.verify_message} {fault}".lower()
    if "not yet valid" in message:
        return f"The certificate of {host} is not valid yet.", "Check this computer's clock: it may be behind."
    if "expired" in message:
        return f"The certificate of {host} has expired.", "Check this computer's clock; if it is right, tell your IT."
    if "validity period" in message:  # Windows has one message for both
        return (
            f"The certificate of {host} is not valid now.",
            "Check this computer's clock; if it is right, tell your IT.",
        )
    if any(words in message for words in _OTHER_HOST):
        return f"The certificate is not for {host}.", "Check the server's address; if it is right, tell your IT."
    return f"Who signed the certificate of {host} is not known to this computer.", "Tell your IT; nothing was sent."
