"""The text of a file that an operator hands in: unpacked and decoded. Used by the register's reader.

Packing is told by the first bytes, not by the name: `.xz`, `.gz`, `.bz2`, and `.zip` with one file in it. Encodings are
tried in a fixed order: UTF-16 by its BOM, UTF-8 with or without BOM, Windows-1251.
"""

from __future__ import annotations

import bz2
import codecs
import gzip
import io
import lzma
import zipfile
from typing import IO, Final

from telephony_adapters.numbering.wrong import Wrong

# A register takes about 2 MB unpacked; a packed file that unfolds to more than this is something else.
_LARGEST: Final = 256 * 1024 * 1024
_OLD_WORKBOOK: Final = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"


class UnreadableError(Exception):
    """The content is not a text that can be read: why, and what a sentence about it needs."""

    def __init__(self, wrong: Wrong, **about: object) -> None:
        self.wrong = wrong
        self.about = about
        super().__init__(wrong)


def text_of(content: bytes) -> str:
    """The text of a file's bytes. Raises UnreadableError."""
    text = _decoded(_unpacked(content))
    if text.lstrip().startswith("<"):
        raise UnreadableError(Wrong.WEB_PAGE)
    return text


def _unpacked(content: bytes) -> bytes:
    try:
        if content.startswith(b"\xfd7zXZ\x00"):
            return _limited(lzma.open(io.BytesIO(content)))
        if content.startswith(b"\x1f\x8b"):
            return _limited(gzip.open(io.BytesIO(content)))
        if content.startswith(b"BZh"):
            return _limited(bz2.open(io.BytesIO(content)))
        if content.startswith(_OLD_WORKBOOK):
            raise UnreadableError(Wrong.WORKBOOK)
        if content.startswith(b"PK\x03\x04"):
            with zipfile.ZipFile(io.BytesIO(content)) as archive:
                if "[Content_Types].xml" in archive.namelist():
                    raise UnreadableError(Wrong.WORKBOOK)
                files = [
                    item for item in archive.infolist() if not (item.is_dir() or item.filename.startswith("__MACOSX/"))
                ]
                if len(files) != 1:
                    raise UnreadableError(Wrong.NOT_ONE_FILE, files=len(files))
                return _limited(archive.open(files[0]))
    except (OSError, EOFError, lzma.LZMAError, zipfile.BadZipFile, RuntimeError, NotImplementedError) as error:
        raise UnreadableError(Wrong.NOT_UNPACKED, error=error) from error
    return content


def _limited(stream: IO[bytes] | lzma.LZMAFile | gzip.GzipFile | bz2.BZ2File) -> bytes:
    with stream:
        data = stream.read(_LARGEST + 1)
    if len(data) > _LARGEST:
        raise UnreadableError(Wrong.TOO_LARGE, megabytes=_LARGEST // 1024 // 1024)
    return data


def _decoded(content: bytes) -> str:
    # A fixed order of tries; guessing by statistics goes wrong on short Cyrillic.
    try:
        if content.startswith((b"\xff\xfe", b"\xfe\xff")):
            return content.decode("utf-16")
        try:
            # Not final: a download that broke off inside a letter is cut UTF-8, and its last line is named.
            return codecs.getincrementaldecoder("utf-8-sig")().decode(content)
        except UnicodeDecodeError:
            return content.decode("cp1251")
    except UnicodeDecodeError as error:
        raise UnreadableError(Wrong.ENCODING) from error
