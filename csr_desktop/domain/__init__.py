"""Words and rules of the trade in plain Python: no input or output, no database, no window, no clock or randomness of its own."""
