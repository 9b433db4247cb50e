"""Files of the corpus, and the cast of the API's tests."""

from tests.api.conftest import Program, as_alice, as_bob, as_vera, flow, nobody, refused

__all__ = ["Program", "as_alice", "as_bob", "as_vera", "flow", "nobody", "refused"]
