"""Writes docs/api/telephony-api.yaml, the API's OpenAPI document, from the routes: `make docs`, or `-m tools.openapi`.

It is the same document that a running service answers at /schema/openapi.yaml, in the order of the routes.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import yaml  # type: ignore[import-untyped]
from litestar.serialization import encode_json

from telephony_http.app import create_app
from telephony_http.settings import Settings

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "api" / "telephony-api.yaml"

_HEAD = "# Made by `make docs` from the routes; change the routes, not this file.\n"


def page() -> str:
    """The document as it has to be."""
    schema = json.loads(encode_json(create_app(Settings()).openapi_schema.to_schema()))
    text: str = yaml.safe_dump(schema, allow_unicode=True, sort_keys=False, width=120)
    return _HEAD + text


def write() -> None:
    PAGE.parent.mkdir(exist_ok=True)
    PAGE.write_text(page(), encoding="utf-8")


if __name__ == "__main__":
    write()
    sys.exit(0)
