"""JSON values read by the rules of language.md §4: what does not read is None."""
import ipaddress
import json
import re
from datetime import datetime, timedelta, timezone


def at(value, *path):
    """The value at a path of keys and indices, or None."""
    for step in path:
        if isinstance(step, str):
            value = value.get(step) if isinstance(value, dict) else None
        else:
            value = value[step] if isinstance(value, list) and -len(value) <= step < len(value) else None
    return value


def elements(value):
    return value if isinstance(value, list) else []


def values(value):
    """The values of an object, in the order of its keys."""
    return [value[key] for key in sorted(value)] if isinstance(value, dict) else []


def text(value):
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return json.dumps(value)
    return value if isinstance(value, str) and value else None


def integer(value):
    if isinstance(value, bool):
        return None
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, str) and re.fullmatch(r"[+-]?[0-9]+", value):
        return int(value)
    return value if isinstance(value, int) else None


def number(value):
    """A number with or without a fraction, or its text."""
    if isinstance(value, str) and re.fullmatch(r"[+-]?[0-9]+(\.[0-9]+)?", value):
        return float(value)
    return value if isinstance(value, (int, float)) and not isinstance(value, bool) else None


def total(*numbers):
    """A sum that skips what is missing, and is missing if all are."""
    present = [n for n in numbers if n is not None]
    return sum(present) if present else None


def first_of(*candidates):
    return next((c for c in candidates if c not in (None, "", [])), None)


def joined(parts, separator="\n"):
    present = [p for p in map(text, parts) if p]
    return separator.join(present) or None


def parsed(value):
    """JSON in a text is read, an object stays as it is."""
    try:
        return json.loads(value) if isinstance(value, str) else value
    except ValueError:
        return None


def address(value):
    try:
        return str(ipaddress.ip_address(value)) if isinstance(value, str) else None
    except ValueError:
        return None


def moment(value):
    """RFC 3339 with any number of decimals, cut to microseconds."""
    shape = r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d+))?(Z|[+-]\d\d:\d\d)"
    found = re.fullmatch(shape, value) if isinstance(value, str) else None
    if not found:
        return None
    seconds, decimals, zone = found.groups()
    time = datetime.fromisoformat(seconds + ("+00:00" if zone == "Z" else zone)).astimezone(timezone.utc)
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
