"""How secrets that we gave out are kept: as a hash, so that a copy of the rows opens nothing."""

from hashlib import sha256


def digest_of(secret: str) -> str:
    """Return the hash by which a secret is kept and found."""
    return sha256(secret.encode("utf-8", "replace")).hexdigest()
