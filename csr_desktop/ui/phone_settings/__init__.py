"""The page Phone of the settings: what is entered in a softphone, whether it arrives, and how numbers are dialled.

Each part is a section with its own fields. What happens to calls is in `ui/calls`, not here.
"""
