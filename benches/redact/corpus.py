"""Values and texts of Faker, which knows nothing of the redactor: python3 corpus.py FOLDER writes FOLDER/faker.jsonl.

Needs `pip install faker`. A line is {"kind", "value", "text"}; kinds that begin with "log " are identifiers that should stay as they are.
"""

import json
import pathlib
import random
import sys

from faker import Faker

OF_EACH = 1000
faker = {name: Faker(name) for name in ["en_US", "en_GB", "en_CA", "de_DE", "fr_FR", "es_ES", "nl_NL", "it_IT"]}
Faker.seed(7)
random.seed(7)
us = faker["en_US"]
europe = [faker[name] for name in ["de_DE", "fr_FR", "es_ES", "nl_NL", "it_IT", "en_GB"]]

SAID = {
    "us_ssn bare": ["my social security number is {}", "SSN {}"],
    "phone local": ["my phone number is {}", "phone: {}", "mobile {}", "Tel. {}"],
    "us_routing": ["our bank's routing number is {}", "ABA routing: {}"],
    "passport": ["my passport number is {}", "Passport: {}"],
    "dob": ["my date of birth is {}", "DOB: {}", "I was born on {}"],
    "password": ["the password is: {}", "password={}", "password: {}"],
}


def cut(text, length):
    return " ".join(text[at : at + length] for at in range(0, len(text), length))


def dashed(text):
    return "-".join(text[at : at + 4] for at in range(0, len(text), 4))


ENTITIES = {
    "card": lambda: us.credit_card_number(),
    "card spaced": lambda: cut(us.credit_card_number(random.choice(["visa16", "mastercard", "discover"])), 4),
    "card dashed": lambda: dashed(us.credit_card_number(random.choice(["visa16", "mastercard", "discover"]))),
    "iban": lambda: random.choice(europe).iban(),
    "iban spaced": lambda: cut(random.choice(europe).iban(), 4),
    "us_ssn": lambda: us.ssn(),
    "us_ssn spaced": lambda: us.ssn().replace("-", " "),
    "us_ssn bare": lambda: us.ssn().replace("-", ""),
    "us_itin": lambda: us.itin(),
    "uk_nino": lambda: faker["en_GB"].ssn(),
    "ca_sin": lambda: faker["en_CA"].ssn(),
    "email": lambda: random.choice(europe + [us]).email(),
    "email company": lambda: us.company_email(),
    "phone e164": lambda: "+" + us.msisdn(),
    "phone us": lambda: us.phone_number(),
    "phone local": lambda: random.choice(europe).phone_number(),
    "ipv4": lambda: us.ipv4(),
    "ipv6": lambda: us.ipv6(),
    "mac": lambda: us.mac_address(),
    "vin": lambda: us.vin(),
    "us_routing": lambda: us.aba(),
    "passport": lambda: us.passport_number(),
    "dob": lambda: us.date_of_birth().strftime(random.choice(["%Y-%m-%d", "%m/%d/%Y", "%d.%m.%Y", "%B %d, %Y", "%d %B %Y"])),
    "password": lambda: us.password(length=random.randint(8, 16)),
}

IDENTIFIERS = {
    "uuid": lambda: us.uuid4(),
    "request id": lambda: us.bothify("req_" + "?#" * 10),
    "aws arn": lambda: us.numerify("arn:aws:lambda:eu-west-1:############:function:") + us.slug(),
    "rfc 3339 time": lambda: us.date_time().strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
    "epoch milliseconds": lambda: str(us.unix_time() * 1000 + random.randint(0, 999)).split(".")[0],
    "epoch seconds": lambda: str(us.unix_time()).split(".")[0],
    "version": lambda: random.choice(["version ", "v", "Chrome/"]) + us.numerify("%#.#.#.##"),
    "user agent": lambda: us.user_agent(),
    "sha-1": lambda: us.sha1(),
    "sha-256": lambda: us.sha256(),
    "md5": lambda: us.md5(),
    "16-digit id": lambda: us.numerify("%###############"),
    "token counts": lambda: '"total_tokens": %d' % random.randint(0, 200000),
    "trace id": lambda: us.hexify("00-" + "^" * 32 + "-" + "^" * 16 + "-01"),
    "gcp insertId": lambda: us.lexify("?" * 4, "abcdefghij0123456789") + us.bothify("?#?##??#?#", "abcdefghijklmnopqrstuvwxyz"),
    "file path": lambda: us.file_path(depth=4),
    "url": lambda: us.uri(),
    "date": lambda: us.date(),
    "isbn": lambda: us.isbn13(),
    "price": lambda: us.pricetag(),
}


def text(kind, value):
    said = random.choice(SAID.get(kind, ["{}"])).replace("{}", value)
    form = random.randint(0, 5)
    if form == 0:
        return said
    if form == 1:
        return json.dumps({"role": "user", "content": us.sentence() + " " + said + ", " + us.sentence()}, ensure_ascii=False)
    if form == 2:
        return f"{us.word()},{said},{us.word()}"
    if form == 3:
        return f'{{"note": "{said}", "n": {random.randint(1, 9)}}}'
    return f"{us.sentence(6)} {said} {us.sentence(5)}"


def main():
    folder = pathlib.Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    with open(folder / "faker.jsonl", "w", encoding="utf-8") as out:
        for kinds, mark in [(ENTITIES, ""), (IDENTIFIERS, "log ")]:
            for kind, make in kinds.items():
                for _ in range(OF_EACH):
                    value = str(make())
                    written = text(kind, value)
                    # In JSON some passwords are written otherwise.
                    inside = value if value in written else json.dumps(value, ensure_ascii=False)[1:-1]
                    print(json.dumps({"kind": mark + kind, "value": inside, "text": written}, ensure_ascii=False), file=out)


main()
