"""The kinds of node: their looks, ports and settings, and what a node says about itself."""
