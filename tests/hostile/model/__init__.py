"""The server as a small pure model: processes that forget, and a disk that does not."""
