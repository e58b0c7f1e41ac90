"""What all three clouds' shapes need to be written: ids, times and numbers drawn from names, and the files to be.

Nothing is random: an id is the hash of what it belongs to, so a new line in the story moves no other record.
"""
import hashlib
import json

SEED = "skywatch samples 1"
files = {}  # path → [(time, line of text, or a record of a CloudTrail file)]


def put(path, time, item):
    files.setdefault(path, []).append((time, item))


def spoiled(path, what, length, copied=0):
    """A line as it comes now and then: the file's first one `torn`, for it was read while it grew, or a `copy`; None of anything else."""
    return {"torn": files[path][0][1][:length], "copy": files[path][copied][1]}.get(what)


def without(record, *names):
    return {key: value for key, value in record.items() if key not in names}


def compact(record):
    return json.dumps(record, ensure_ascii=False, separators=(",", ":"))


def digest(*parts):
    return hashlib.sha256("/".join(map(str, (SEED, *parts))).encode()).hexdigest()


def uuid(*parts):
    h = digest(*parts)
    return f"{h[:8]}-{h[8:12]}-4{h[13:16]}-a{h[17:20]}-{h[20:32]}"


def number(low, high, *parts):
    return low + int(digest(*parts)[:12], 16) % (high - low + 1)


def capitals(length, *parts):
    """Letters and digits, as AWS draws its key ids."""
    return "".join("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"[byte & 31] for byte in bytes.fromhex(digest(*parts)))[:length]


def iso(time, digits=0):
    fraction = f".{number(0, 10 ** digits - 1, 'fraction', time):0{digits}d}" if digits else ""
    return f"{time:%Y-%m-%dT%H:%M:%S}{fraction}Z"
