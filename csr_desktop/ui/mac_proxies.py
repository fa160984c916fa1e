"""What macOS says of proxies, by Qt: set by hand, found by itself, or told by a script that macOS runs."""

from __future__ import annotations

from csr_desktop.system.proxies import DIRECT, SystemChoice, of_environment


def ask_mac(url: str) -> SystemChoice:
    """The environment, then the system's settings. May take seconds."""
    return of_environment(url) or by_qt(url)


def by_qt(url: str) -> SystemChoice:
    from PySide6.QtCore import QUrl
    from PySide6.QtNetwork import QNetworkProxy, QNetworkProxyFactory, QNetworkProxyQuery

    kinds = QNetworkProxy.ProxyType
    entries = []
    for found in QNetworkProxyFactory.systemProxyForQuery(QNetworkProxyQuery(QUrl(url))):
        scheme = "socks" if found.type() == kinds.Socks5Proxy else "http"
        is_direct = found.type() in {kinds.NoProxy, kinds.DefaultProxy} or not found.hostName()
        entries.append(DIRECT if is_direct else f"{scheme}://{found.hostName()}:{found.port()}")
    return SystemChoice(tuple(entries) or (DIRECT,), "the system's network settings")
