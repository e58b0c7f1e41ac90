"""Opens content files of an archive as anyone with its key can: Python's own AES-GCM and pyarrow, nothing of Skywatch.

A question is {"archive": FOLDER, "key": HEX or null, "path": PATH IN THE ARCHIVE, "as": PATH ITS CONTEXT NAMES or null}; the answer
{"columns": [...], "rows": [[...]]} or {"refused": WHY}. Without a key the file is opened as if it were not encrypted.
"""

import base64
import json
import pathlib
import sys

import pyarrow.parquet as parquet
import pyarrow.parquet.encryption as encryption
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

NONCE = 12


def archive_id(root):
    entry = sorted((root / "manifest").glob("*.json"))[-1]
    return json.loads(entry.read_text())["archive"]


def opened(question):
    root = pathlib.Path(question["archive"])
    path = root / question["path"]
    if question["key"] is None:
        return parquet.ParquetFile(path)
    context = f"skywatch/{archive_id(root)}/{question['as'] or question['path']}".encode()
    wrapped = json.loads((root / "keys" / f"{path.stem}.json").read_text())["wrapped"]
    sealed = base64.b64decode(wrapped)
    data_key = AESGCM(bytes.fromhex(question["key"])).decrypt(sealed[:NONCE], sealed[NONCE:], context)
    properties = encryption.create_decryption_properties(footer_key=data_key, aad_prefix=context)
    return parquet.ParquetFile(path, decryption_properties=properties)


def answer(question):
    try:
        table = opened(question).read()
    except Exception as refusal:  # pyarrow and cryptography refuse in many ways
        return {"refused": f"{type(refusal).__name__}: {refusal}"}
    rows = [[None if value is None else str(value) for value in row.values()] for row in table.to_pylist()]
    return {"columns": table.column_names, "rows": rows}


for line in sys.stdin:
    print(json.dumps(answer(json.loads(line))), flush=True)
