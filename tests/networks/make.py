"""Writes city.mmdb and asn.mmdb, which the tests of databases of networks read: `pip install mmdb_writer==0.2.7; python make.py`.

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
