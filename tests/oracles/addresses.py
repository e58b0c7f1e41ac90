"""What: IP addresses as numbers, for both runners. Takes text; gives (value, prefix length) in 32 or 128 bits, or None.
An address is what RFC 4291 and inet_pton write. Leading zeros, short forms and scope ids are none: no vendor documents
how it reads them, so a query whose answer hangs on one proves nothing here."""
import ipaddress

MAPPED = 0xFFFF << 32


def _prefix(text, bits):
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 3 and int(text) <= bits else None


def ipv4(text):
    """`a.b.c.d` or `a.b.c.d/p` as (number, p), else None."""
    address, slash, length = (text or "").partition("/")
    prefix = _prefix(length, 32) if slash else 32
    try:
        return None if prefix is None else (int(ipaddress.IPv4Address(address)), prefix)
    except ValueError:
        return None


def ipv6(text):
    """An IPv6 address, or an IPv4 one as its mapped form, with or without a prefix, as (number, p), else None."""
    old = ipv4(text)
    if old is not None:
        return MAPPED | old[0], 96 + old[1]
    address, slash, length = (text or "").partition("/")
    prefix = _prefix(length, 128) if slash else 128
    if prefix is None or "%" in address:
        return None
    try:
        return int(ipaddress.IPv6Address(address)), prefix
    except ValueError:
        return None


def equal_under(a, b, prefix, bits):
    return (a ^ b) >> (bits - prefix) == 0


def packed(text):
    """The address in network byte order: 4 bytes or 16, without a prefix; None if it is none."""
    if "/" in (text or ""):
        return None
    old = ipv4(text)
    if old is not None:
        return old[0].to_bytes(4, "big")
    new = ipv6(text)
    return None if new is None else new[0].to_bytes(16, "big")
