"""The real server in this process: the ASGI application, live sessions, rows and the log."""
