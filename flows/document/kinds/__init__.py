"""The kinds of node: their looks, ports and settings."""
