"""JSON values read by the rules of docs/semantics.md §3: what does not read is None."""
import ipaddress
import json
import re
from datetime import datetime, timedelta, timezone
from decimal import Decimal


class Written(float):
    """A number with a point or an exponent, which keeps the text it was written in."""

    def __new__(cls, written):
        made = super().__new__(cls, written)
        made.written = written
        return made


def no_number(word):
    raise ValueError(f"{word} is no JSON")


def parsed(value):
    """JSON in a text is read, anything else stays as it is."""
    try:
        return json.loads(value, parse_float=Written, parse_constant=no_number) if isinstance(value, str) else value
    except ValueError:
        return None


def at(value, *path):
    """The value at a path of keys and indices, or None."""
    for step in path:
        if isinstance(step, str):
            value = value.get(step) if isinstance(value, dict) else None
        else:
            value = value[step] if isinstance(value, list) and -len(value) <= step < len(value) else None
    return value


def parts(values, *path):
    """What stands at a path in each of some values: nothing of those that lack it, None of those that have null or nothing there."""
    found = list(values)
    for step in path:
        found = [value[step] for value in found if isinstance(value, dict) and step in value]
    return found


def elements(value):
    return value if isinstance(value, list) else []


def values(value):
    """The values of an object, in the order of its keys."""
    return [value[key] for key in sorted(value)] if isinstance(value, dict) else []


def present(value):
    """Whether there is something, of whatever type."""
    return value is not None and value != "" and value != []


def text(value):
    if isinstance(value, Written):
        return value.written
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    return value if isinstance(value, str) and value else None


def in_64_bit(number):
    return number if number is not None and -(2**63) <= number < 2**63 else None


def integer(value):
    if isinstance(value, Written):
        exact = Decimal(value.written)
        return in_64_bit(int(exact)) if abs(exact) < 2**64 and exact == int(exact) else None
    if isinstance(value, str) and re.fullmatch(r"[+-]?[0-9]+", value):
        return in_64_bit(int(value))
    return in_64_bit(value) if isinstance(value, int) and not isinstance(value, bool) else None


def boolean(value):
    return value if isinstance(value, bool) else None


def number(value):
    """A number with or without a fraction, or its text."""
    if isinstance(value, str) and re.fullmatch(r"[+-]?[0-9]+(\.[0-9]+)?", value):
        return float(value)
    return value if isinstance(value, (int, float)) and not isinstance(value, bool) else None


def total(*numbers):
    """A sum that skips what is missing, and is missing if all are or if it leaves 64 bit on its way."""
    found = None
    for n in numbers:
        if n is not None:
            found = n if found is None else in_64_bit(found + n)
            if found is None:
                return None
    return found


def first_of(*candidates):
    return next((c for c in candidates if present(c)), None)


def joined(parts, separator="\n"):
    found = [p for p in map(text, parts) if p]
    return separator.join(found) or None


def lower(value):
    """A-Z only."""
    return "".join(chr(ord(c) + 32) if "A" <= c <= "Z" else c for c in value) if value else None


def found_in(value, pattern):
    """The group of a pattern's first match."""
    match = re.search(pattern, value or "")
    return (match.group(1) or None) if match else None


def subscription(resource):
    """Of an Azure resource's id, in lower case."""
    return lower(found_in(text(resource), r"(?ai)\A/subscriptions/([^/]+)"))


def member(value, *path):
    """What stands at a path of keys in any case; where an object has a key in two, the documented spelling counts."""
    for name in path:
        if not isinstance(value, dict):
            return None
        value = value[name] if name in value else next((v for key, v in value.items() if lower(key) == lower(name)), None)
    return value


def address(value):
    """Without zone, prefix or leading zeros; an IPv4 address inside of IPv6 is that address."""
    try:
        found = ipaddress.ip_address(value) if isinstance(value, str) and "%" not in value else None
    except ValueError:
        return None
    return found and str(getattr(found, "ipv4_mapped", None) or found)


def moment(value):
    """RFC 3339 with any number of decimals, cut to microseconds."""
    shape = r"([0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2})(?:\.([0-9]+))?(Z|[+-][0-9]{2}:[0-9]{2})"
    found = re.fullmatch(shape, value) if isinstance(value, str) else None
    if not found:
        return None
    seconds, decimals, zone = found.groups()
    try:
        time = datetime.fromisoformat(seconds + ("+00:00" if zone == "Z" else zone)).astimezone(timezone.utc)
    except (ValueError, OverflowError):  # the 30th of February, an hour 24, an offset of a day
        return None
    return time.replace(microsecond=int((decimals or "").ljust(6, "0")[:6]))


def sql_moment(value):
    """As BigQuery prints a TIMESTAMP in an export, or RFC 3339."""
    found = re.fullmatch(r"(\S+) (\S+) UTC", value) if isinstance(value, str) else None
    return moment("{}T{}Z".format(*found.groups()) if found else value)


def of_nanoseconds(value):
    """Nanoseconds since 1970, as a number or its text."""
    nanos = integer(value)
    return None if nanos is None else datetime(1970, 1, 1, tzinfo=timezone.utc) + timedelta(microseconds=nanos // 1_000)


def stamp(time):
    return time.strftime("%Y-%m-%dT%H:%M:%S") + (f".{time.microsecond:06d}" if time.microsecond else "") + "Z"


def last_part(value):
    return (text(value) or "").rsplit("/", 1)[-1] or None
