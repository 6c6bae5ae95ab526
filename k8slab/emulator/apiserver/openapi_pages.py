"""The OpenAPI v3 documents, made once for each state of the catalogue."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email.utils import format_datetime

import orjson
from aiohttp import web

from k8slab.emulator.apiserver import descriptions
from k8slab.emulator.apiserver.answers import json_answer
from k8slab.emulator.apiserver.negotiation import JSON
from k8slab.kube import openapi
from k8slab.kube.resources import Catalog
from k8slab.kube.schema import Schema

_KEPT = timedelta(days=365)


@dataclass(slots=True)
class OpenApiPages:
    """Serves the index and the documents; ``kept`` holds the bytes of documents by their hash."""

    kept: dict[str, bytes] = field(default_factory=dict)

    async def answer(
        self, schema: Schema, catalog: Catalog, parts: list[str], wanted_hash: str, now: datetime
    ) -> web.Response | None:
        """Return the page below ``/openapi/v3``, or None when there is none."""
        texts = descriptions.version()
        if not parts:
            return json_answer(openapi.index(catalog, texts))
        group, version = ("", parts[1]) if parts[0] == "api" and len(parts) > 1 else ("", "")
        if parts[0] == "apis" and len(parts) == 3:  # noqa: PLR2004
            group, version = parts[1], parts[2]
        if not version or not any((entry.group, entry.version) == (group, version) for entry in catalog):
            return None
        digest = openapi.digest(catalog, group, version, texts)
        body = self.kept.get(digest)
        if body is None:
            # A hundred files are read for the texts: not in the event loop.
            body = await asyncio.to_thread(_document, schema, Catalog(tuple(catalog)), group, version)
            self.kept[digest] = body
        response = web.Response(body=body, content_type=JSON)
        response.headers["Etag"] = f'"{digest}"'
        if wanted_hash == digest:
            # A document of a known hash never changes; kubectl then keeps it on disk.
            response.headers["Cache-Control"] = "public, immutable"
            response.headers["Expires"] = format_datetime(now + _KEPT, usegmt=True)
        return response


def _document(schema: Schema, catalog: Catalog, group: str, version: str) -> bytes:
    return orjson.dumps(openapi.document(schema, catalog, group, version, descriptions.describer()))
