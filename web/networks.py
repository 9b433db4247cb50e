"""Whom an IP address stands for where calls and connections are counted."""

from ipaddress import IPv6Address, ip_address


def network_of(address: str) -> str:
    """Return the address itself, or of an IPv6 address the /64 that it lies in: so much belongs to one customer."""
    try:
        parsed = ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if not isinstance(parsed, IPv6Address):
        return str(parsed)
    return str(parsed.ipv4_mapped or IPv6Address(int(parsed) >> 64 << 64))
