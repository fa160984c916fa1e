"""Database files as earlier versions of the schema left them, with made-up rows, and how one more is kept."""
