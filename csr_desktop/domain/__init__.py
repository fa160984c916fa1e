"""Words and rules of the trade in plain Python: no input or output, database, window or clock of its own."""
