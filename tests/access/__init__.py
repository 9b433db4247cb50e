"""Who may do what, written as tables: every call of REST and GraphQL, every frame, every page, by everybody."""
