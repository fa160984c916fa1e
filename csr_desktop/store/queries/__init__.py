"""What the desk's screens ask of its file, place by place: rows as they are stored, paged by key. No words, no
rules.
"""
