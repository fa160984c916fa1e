"""Phone systems at a running server: their connections, the calls that they tell of, kept for a day, told to the desks
of the agents concerned, and logged when nobody answered.

What their bytes mean is `server/phone`, what a call is `domain/phone_calls.py`.
"""
