"""Selective undo: a person's steps read off the log, and taken back as far as nobody else wrote the same since."""
