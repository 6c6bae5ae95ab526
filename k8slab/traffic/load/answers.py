"""Reads one HTTP/1.1 answer from bytes as they come.

A general HTTP client makes fewer requests a second than a rate-limit laboratory wants; this reader and plain asyncio
transports make several thousand.
"""

from __future__ import annotations

import re

_STATUS = re.compile(rb"HTTP/1\.[01] (\d{3})")
_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
_CHUNKED = re.compile(rb"\r\ntransfer-encoding: *chunked", re.IGNORECASE)
_CLOSE = re.compile(rb"\r\nconnection: *close", re.IGNORECASE)
_NO_BODY = (204, 304)
_FIRST_FINAL = 200


class AnswerReader:
    """Feed it bytes until ``done``; then ``status``, ``head`` and ``body`` hold the answer."""

    def __init__(self) -> None:
        self.status = 0
        self.head = b""
        self.body = b""
        self.done = False
        self.closes = False
        self._buffer = b""
        self._length: int | None = None
        self._chunked = False

    def feed(self, data: bytes) -> None:
        """Take more bytes; raises ``ValueError`` for what is no HTTP."""
        self._buffer += data
        if not self.head:
            self._read_head()
        if self.head and not self.done:
            self._read_body()

    def end(self) -> None:
        """Take the end of the connection: an answer without a length ends with it."""
        if self.head and not self.done and self._length is None and not self._chunked:
            self.body, self.done = self._buffer, True

    def _read_head(self) -> None:
        end = self._buffer.find(b"\r\n\r\n")
        if end < 0:
            return
        head, self._buffer = self._buffer[:end], self._buffer[end + 4 :]
        found = _STATUS.match(head)
        if found is None:
            raise ValueError("the answer is no HTTP")
        self.status = int(found[1])
        if self.status < _FIRST_FINAL:
            self._read_head()  # 100 Continue and the like are not the answer
            return
        self.head = head
        length = _LENGTH.search(head)
        self._length = 0 if self.status in _NO_BODY else int(length[1]) if length else None
        self._chunked = self._length is None and _CHUNKED.search(head) is not None
        self.closes = _CLOSE.search(head) is not None or (self._length is None and not self._chunked)

    def _read_body(self) -> None:
        if self._length is not None and len(self._buffer) >= self._length:
            self.body, self.done = self._buffer[: self._length], True
        elif self._chunked:
            self._read_chunks()

    def _read_chunks(self) -> None:
        while not self.done:
            end = self._buffer.find(b"\r\n")
            if end < 0:
                return
            size = int(self._buffer[:end].partition(b";")[0], 16)
            if len(self._buffer) < end + 4 + size:
                return
            self.body += self._buffer[end + 2 : end + 2 + size]
            self._buffer = self._buffer[end + 4 + size :]
            self.done = size == 0
