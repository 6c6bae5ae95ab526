"""SPDY/3 header blocks: name-value pairs, compressed by zlib with the dictionary of the SPDY/3 draft (2.6.10).

One block of a connection continues the compression of the one before, so packer and unpacker keep state.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Mapping

_WORDS = (
    "options|head|post|put|delete|trace|accept|accept-charset|accept-encoding|accept-language|accept-rang"
    "es|age|allow|authorization|cache-control|connection|content-base|content-encoding|content-language|c"
    "ontent-length|content-location|content-md5|content-range|content-type|date|etag|expect|expires|from|"
    "host|if-match|if-modified-since|if-none-match|if-range|if-unmodified-since|last-modified|location|ma"
    "x-forwards|pragma|proxy-authenticate|proxy-authorization|range|referer|retry-after|server|te|trailer"
    "|transfer-encoding|upgrade|user-agent|vary|via|warning|www-authenticate|method|get|status|200 OK|ver"
    "sion|HTTP/1.1|url|public|set-cookie|keep-alive|origin"
)
_TAIL = (
    "100101201202205206300302303304305306307402405406407408409410411412413414415416417502504505203 Non-Au"
    "thoritative Information204 No Content301 Moved Permanently400 Bad Request401 Unauthorized403 Forbidd"
    "en404 Not Found500 Internal Server Error501 Not Implemented503 Service UnavailableJan Feb Mar Apr Ma"
    "y Jun Jul Aug Sept Oct Nov Dec 00:00:00 Mon, Tue, Wed, Thu, Fri, Sat, Sun, GMTchunked,text/html,imag"
    "e/png,image/jpg,image/gif,application/xml,application/xhtml+xml,text/plain,text/javascript,publicpri"
    "vatemax-age=gzip,deflate,sdchcharset=utf-8charset=iso-8859-1,utf-,*,enq=0."
)
# Each word comes with its length in four bytes, as in a header block.
DICTIONARY = b"".join(struct.pack(">I", len(word)) + word.encode() for word in _WORDS.split("|")) + _TAIL.encode()
_LARGEST_BLOCK = 1 << 20


class HeaderError(ValueError):
    """A header block that cannot be read."""


class HeaderPacker:
    """Makes the blocks of one direction of a connection."""

    def __init__(self) -> None:
        self._compressor = zlib.compressobj(zdict=DICTIONARY)

    def pack(self, headers: Mapping[str, str]) -> bytes:
        """Return the block of some headers; names become lower case."""
        plain = bytearray(struct.pack(">I", len(headers)))
        for name, value in headers.items():
            for text in (name.lower(), value):
                data = text.encode()
                plain += struct.pack(">I", len(data)) + data
        return self._compressor.compress(bytes(plain)) + self._compressor.flush(zlib.Z_SYNC_FLUSH)


class HeaderUnpacker:
    """Reads the blocks of one direction of a connection."""

    def __init__(self) -> None:
        self._decompressor = zlib.decompressobj(zdict=DICTIONARY)

    def unpack(self, block: bytes) -> dict[str, str]:
        """Return the headers of a block, names in lower case; raises ``HeaderError``."""
        try:
            plain = self._decompressor.decompress(block, _LARGEST_BLOCK)
        except zlib.error as error:
            raise HeaderError(str(error)) from error
        try:
            return _pairs(plain)
        except (struct.error, UnicodeDecodeError, IndexError) as error:
            raise HeaderError("a header block ends too early") from error


def _pairs(plain: bytes) -> dict[str, str]:
    (count,) = struct.unpack_from(">I", plain, 0)
    place = 4
    found = {}
    for _ in range(count):
        name, place = _text(plain, place)
        found[name.lower()], place = _text(plain, place)
    return found


def _text(plain: bytes, place: int) -> tuple[str, int]:
    (size,) = struct.unpack_from(">I", plain, place)
    end = place + 4 + size
    if end > len(plain):
        raise IndexError(end)
    return plain[place + 4 : end].decode(), end
