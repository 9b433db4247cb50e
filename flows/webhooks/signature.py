"""Proof that a delivery comes from us.

The header `X-Helix-Signature` is `t=<unix seconds>,v1=<hex HMAC-SHA256 of "<t>." + body>`.
"""

import hmac
from hashlib import sha256

HEADER = "X-Helix-Signature"


def sign(secret: str, body: bytes, at: int) -> str:
    """Return the header's value for a body that is sent at a time, in unix seconds."""
    proof = hmac.new(secret.encode(), f"{at}.".encode() + body, sha256).hexdigest()
    return f"t={at},v1={proof}"
