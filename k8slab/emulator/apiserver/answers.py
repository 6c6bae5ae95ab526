"""Answers: objects, lists, tables and errors in the form that the client accepts."""

from __future__ import annotations

import json
from collections.abc import Sequence

import orjson
import yaml
from aiohttp import web

from k8slab.emulator.apiserver.negotiation import JSON, PROTOBUF, YAML, Form
from k8slab.kube import protobuf
from k8slab.kube.objects import Obj
from k8slab.kube.schema import Schema
from k8slab.kube.status import ApiError


def encoded(schema: Schema, form: Form, data: bytes) -> bytes:
    """Return JSON bytes in the form's media type."""
    if form.media_type == PROTOBUF:
        return protobuf.encode(schema, orjson.loads(data))
    if form.media_type == YAML:
        text: str = yaml.safe_dump(json.loads(data), sort_keys=False)
        return text.encode()
    return data


def answer(schema: Schema, form: Form, data: bytes, *, code: int = 200, warnings: Sequence[str] = ()) -> web.Response:
    """Return a response with JSON bytes turned into the form's media type."""
    # One final newline, as the API server writes it.
    body = encoded(schema, form, data)
    if form.media_type == JSON:
        body += b"\n"
    response = web.Response(body=body, status=code, content_type=form.media_type)
    for text in warnings:
        quoted = text.replace("\\", "\\\\").replace('"', '\\"')
        response.headers.add("Warning", f'299 - "{quoted}"')
    return response


def json_answer(obj: Obj, *, code: int = 200) -> web.Response:
    """Return a response with an object as JSON."""
    return web.Response(body=orjson.dumps(obj) + b"\n", status=code, content_type=JSON)


def error_answer(schema: Schema, error: ApiError, accept: str, warnings: Sequence[str] = ()) -> web.Response:
    """Return the ``Status`` of an error, as protobuf when the client prefers that, with the warnings before it."""
    # Errors negotiate leniently: an Accept header that nothing fits must not hide the message.
    form = Form(PROTOBUF) if accept.startswith(PROTOBUF) else Form()
    return answer(schema, form, orjson.dumps(error.status), code=error.code, warnings=warnings)
