"""Ctrl+K: one box that finds everything and runs every command. Views of search results and of the table of actions."""
