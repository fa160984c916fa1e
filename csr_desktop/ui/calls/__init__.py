"""The place of calls and the call bar: what runs now, what ran earlier, and how a call is noted and saved.

Data comes through the desk alone. Nothing of another place is imported here.
"""
