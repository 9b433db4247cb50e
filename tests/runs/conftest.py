"""What tests of runs share with those of the API: the cast as programs, and a flow they are members of."""

from tests.api.conftest import as_alice, as_bob, as_charlie, as_dora, as_vera, flow, nobody, refused

__all__ = ["as_alice", "as_bob", "as_charlie", "as_dora", "as_vera", "flow", "nobody", "refused"]
