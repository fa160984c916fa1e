#!/bin/sh
# Removes CSR Desktop and leaves what belongs to people. It is asked to end first; what was typed is kept.
pkill -x csr-desktop && sleep 5
rm -rf "/Applications/CSR Desktop.app" /usr/local/bin/csr-desktop-cli || exit 1
pkgutil --forget org.csr-desktop.CSR-Desktop.pkg || true
