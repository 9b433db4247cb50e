"""Selective undo: a person's steps read off the log, and taken back as far as no one else wrote the same since."""
