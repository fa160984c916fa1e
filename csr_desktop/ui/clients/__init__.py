"""Clients: the list, one company's profile with its timeline, and the forms that change them.

Nothing here reads the store itself, and no other place is imported.
"""
