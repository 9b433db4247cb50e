"""Our own server of the Model Context Protocol, at `/mcp`: what REST offers, as tools of a model.

Every tool is one or a few calls of the REST API, made inside the process with the caller's own token. So who may do
what, what is counted and how a refusal reads is decided in one place, and nothing can be done here that is not there.
"""

from helix.mcp.endpoint import McpEndpoint, McpRoute

__all__ = ["McpEndpoint", "McpRoute"]
