"""The place of follow-ups: the agenda, one in detail, what one does with them, a new one.

What they are and what may be done with them is known by the services; other places are reached through the desk.
"""
