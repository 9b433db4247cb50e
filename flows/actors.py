"""How those who did something are named to programs: people by their id, guests of a link by name alone."""

from functools import lru_cache

from django.utils.crypto import salted_hmac

ActorJson = dict[str, object]


def actor_json(id: int, name: str, *, is_guest: bool) -> ActorJson:
    """Return a person as `{id, name}`, a guest as `{id: null, name, guest: true}`."""
    return {"id": None, "name": name, "guest": True} if is_guest else {"id": id, "name": name}


@lru_cache(10_000)
def guest_key(user_id: int) -> str:
    """Return what tells a guest from others of the same name, and says nothing else of them."""
    return salted_hmac("helix.guest_key", str(user_id), algorithm="sha256").hexdigest()[:12]
