"""Peewee lives here: tables, opening, migrations, queries, full-text search. Models stay unbound; no rules of trade."""
