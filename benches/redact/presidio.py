"""Presidio's pattern recognisers on the same samples: python3 presidio.py FOLDER reads FOLDER/*.jsonl.

Needs `pip install presidio-analyzer`. No model of a language is loaded: the recognisers are asked one by one, without words of context,
which Presidio would take into the score; so is a finding of any score above 0 counted, and one from 0.4 on separately.
"""

import collections
import json
import logging
import pathlib
import sys
import time

import presidio_analyzer.predefined_recognizers as predefined

ASKED = {
    "card": "CreditCardRecognizer",
    "iban": "IbanRecognizer",
    "us_ssn": "UsSsnRecognizer",
    "us_itin": "UsItinRecognizer",
    "uk_nino": "UkNinoRecognizer",
    "uk_nhs": "NhsRecognizer",
    "email": "EmailRecognizer",
    "phone": "PhoneRecognizer",
    "ipv4": "IpRecognizer",
    "ipv6": "IpRecognizer",
    "mac": "MacAddressRecognizer",
    "us_routing": "AbaRoutingRecognizer",
    "passport": "UsPassportRecognizer",
    "driver_id": "UsLicenseRecognizer",
    "dob": "DateRecognizer",
    "btc_address": "CryptoRecognizer",
}


def main():
    # Without a network the list of top-level domains is the one that came with the package.
    logging.disable(logging.CRITICAL)
    recognizers = {}
    for name in sorted(set(ASKED.values())):
        made = getattr(predefined, name, None)
        if made is None:
            print("not in this version:", name)
            continue
        recognizers[name] = made()
    for file in sorted(pathlib.Path(sys.argv[1]).glob("*.jsonl")):
        all_, found, sure = collections.Counter(), collections.Counter(), collections.Counter()
        size, begun = 0, time.perf_counter()
        for line in open(file, encoding="utf-8"):
            sample = json.loads(line)
            kind, value, text = sample["kind"], sample["value"], sample["text"]
            entity = kind.split(" ")[0].rstrip(",")
            if not kind.startswith("log ") and ASKED.get(entity) not in recognizers:
                continue
            start = text.find(value)
            if start < 0:
                continue
            end = start + len(value)
            size += len(text.encode())
            results = []
            for recognizer in recognizers.values():
                results += recognizer.analyze(text, recognizer.supported_entities, None) or []
            results = [r for r in results if r.score > 0]
            if kind.startswith("log "):
                hit = lambda least: any(r.score >= least and r.start < end and start < r.end for r in results)
            else:
                hit = lambda least: any(r.score >= least and r.start <= start and end <= r.end for r in results)
            all_[kind] += 1
            found[kind] += hit(0)
            sure[kind] += hit(0.4)
        took = time.perf_counter() - begun
        print(f"\n{file.name}: {size / 1e6:.2f} MB in {took:.0f} s, {size / 1e6 / took:.3f} MB/s")
        print(f"{'kind':28} {'values':>7} {'any %':>8} {'>=0.4 %':>8}")
        for kind in sorted(all_, key=lambda kind: (kind.startswith("log "), kind)):
            print(f"{kind:28} {all_[kind]:7} {found[kind] * 100 / all_[kind]:8.2f} {sure[kind] * 100 / all_[kind]:8.2f}")
        logs = [kind for kind in all_ if kind.startswith("log ")]
        total = sum(all_[kind] for kind in logs) or 1
        print(f"{'all identifiers':28} {total:7} {sum(found[k] for k in logs) * 100 / total:8.2f} {sum(sure[k] for k in logs) * 100 / total:8.2f}")


main()
