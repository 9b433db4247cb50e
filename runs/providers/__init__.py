"""Models that agents ask: what is asked and answered as values, the two dialects spoken over HTTP, and `test`.

Nothing here knows of tasks or claims: an agent (`runs.kinds.agent`) asks `runs.providers.asking`, which tries a chain
of providers in turn. Keys stand encrypted in rows and are opened only where a call is made.
"""
