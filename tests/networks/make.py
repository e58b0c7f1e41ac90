"""Writes the databases that the tests of databases of networks read: `pip install mmdb_writer==0.2.7; python make.py`.

The layout is that of GeoLite2-City and GeoLite2-ASN; networks and what they say are made up, from the ranges for documentation.
"""

from pathlib import Path

from mmdb_writer import MMDBWriter
from netaddr import IPSet

FOLDER = Path(__file__).parent


def city(name, country, latitude, longitude):
    record = {
        "country": {"geoname_id": 1, "iso_code": country, "names": {"de": "Land", "en": "Country"}},
        "registered_country": {"iso_code": "ZZ"},
        "location": {"accuracy_radius": 20, "latitude": latitude, "longitude": longitude, "time_zone": "Etc/UTC"},
        "subdivisions": [{"iso_code": "BE"}],
    }
    if name:
        record["city"] = {"geoname_id": 2, "names": {"de": "Stadt " + name, "en": name}}
    return record


def write(name, kind, networks, version=6):
    writer = MMDBWriter(version, kind, languages=["en"], description="made up", ipv4_compatible=version == 6)
    for network, record in networks:
        writer.insert_network(IPSet([network]), record)
    writer.to_db_file(str(FOLDER / name))


write("city.mmdb", "GeoLite2-City", [
    ("198.51.100.0/24", city("Berlin", "DE", 52.52, 13.405)),
    ("198.51.100.128/25", city("Sydney", "AU", -33.8688, 151.2093)),
    ("203.0.113.0/24", city(None, "FR", 48.8582, 2.3387)),
    ("2001:db8::/32", city("Lyon", "FR", 45.764, 4.8357)),
    ("192.0.2.0/24", {"country": {"names": {"en": "nobody knows"}}}),
])
write("asn.mmdb", "GeoLite2-ASN", [
    ("198.51.100.0/24", {"autonomous_system_number": 64500, "autonomous_system_organization": "Example"}),
    ("203.0.113.0/25", {"autonomous_system_number": 4200000001}),
], version=4)
write("other.mmdb", "Anonymous-IP", [("198.51.100.0/24", {"is_anonymous": True})])
write("laid-out-otherwise.mmdb", "somebody else's", [("198.51.100.0/24", {"country": "DE"})])


def hollow():
    """128 nodes whose two sides both lead to the next one, and the last one to nothing: 2^128 ways."""
    tree = b"".join((node + 1).to_bytes(3, "big") * 2 for node in range(128))

    def text(value):
        return bytes([0x40 | len(value)]) + value.encode()

    def number(kind, value):
        return bytes([kind << 5 | 2]) + value.to_bytes(2, "big")

    metadata = {
        "binary_format_major_version": number(5, 2),
        "binary_format_minor_version": number(5, 0),
        "build_epoch": bytes([1, 2, 1]),
        "database_type": text("hollow"),
        "description": bytes([0xE0]),
        "ip_version": number(5, 6),
        "languages": bytes([0, 4]),
        "node_count": number(6, 128),
        "record_size": number(5, 24),
    }
    entries = b"".join(text(key) + value for key, value in metadata.items())
    marker = b"\xab\xcd\xefMaxMind.com"
    return tree + bytes(16) + marker + bytes([0xE0 | len(metadata)]) + entries


(FOLDER / "hollow.mmdb").write_bytes(hollow())
