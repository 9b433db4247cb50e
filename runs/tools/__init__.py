"""Tools that agents use, as servers of the Model Context Protocol, and our own such server."""
