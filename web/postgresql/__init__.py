"""Django's PostgreSQL, with one thing added: the database is told on whose behalf each statement is (`web.acting`)."""
