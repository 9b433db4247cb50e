"""Flows in and out of other tools."""
