"""Texts of contracts parsed once for all nights of the suite: each has a catalog of its own, over the same texts."""

import pickle
from functools import lru_cache
from types import SimpleNamespace
from typing import Any

import yaml

from sources import documents


def parse_once() -> None:
    """From here on, in this process and what is forked of it."""
    documents.yaml = SimpleNamespace(**vars(yaml) | {"load": lambda text, loader: pickle.loads(_parsed(text))})
    documents._refuse_cut_texts = lru_cache(maxsize=4096)(documents._refuse_cut_texts)


@lru_cache(maxsize=4096)
def _parsed(text: Any) -> bytes:
    return pickle.dumps(yaml.load(text, documents._LOADER))
