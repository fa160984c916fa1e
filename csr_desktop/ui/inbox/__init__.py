"""The inbox: the list of what waits, the conversation beside it, and the ways to act on both.

Models and panes of this place only; what other places share stands one package up, what is asked for in services.
"""
