"""The wires of phone systems: what each sends read into phone events, and what is sent back to it.

Bytes in, events and bytes out. No socket, request, database or clock lives here, and nothing of what a call means: that
is `domain/phone_calls.py`.
"""
