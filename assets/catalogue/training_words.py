"""Texts of the base with the few sentences replaced that aren't true of the invented county (docs/adr/0040)."""

from __future__ import annotations

import os
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import yaml

from assets.catalogue.base_profile import TRAINING_VARIABLE
from assets.catalogue.load import ROOT, TRAINING

WORDS = "words.yml"


@lru_cache(maxsize=1)
def training_words() -> Mapping[str, str]:
    """Part of a text -> what stands there in training."""
    return yaml.safe_load((ROOT / TRAINING / WORDS).read_text(encoding="utf-8"))["replace"]


def in_training(texts: Any) -> Any:
    """Parsed texts as they are, or when the process is in training with the replaced sentences."""
    return replaced(texts, training_words()) if os.environ.get(TRAINING_VARIABLE) else texts


def replaced(texts: Any, words: Mapping[str, str]) -> Any:
    """The texts with each part replaced, however deep they lie; keys are left alone."""
    if isinstance(texts, str):
        for old, new in words.items():
            texts = texts.replace(old, new)
        return texts
    if isinstance(texts, Mapping):
        return {key: replaced(value, words) for key, value in texts.items()}
    return [replaced(value, words) for value in texts] if isinstance(texts, list) else texts
