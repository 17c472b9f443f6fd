"""A short stable mark of how a file is built: its columns, their texts and their value labels, never its answers."""

from __future__ import annotations

import hashlib
import json

from assets.intake.delivery import RawDelivery

LENGTH = 16


def fingerprint(delivery: RawDelivery) -> str:
    """16 hexadecimal characters; equal for two files with the same columns (in any order), column texts and value labels."""
    built = [sorted(delivery.coded.columns), delivery.column_labels, delivery.value_labels]
    return hashlib.sha256(json.dumps(built, ensure_ascii=True, sort_keys=True).encode()).hexdigest()[:LENGTH]
