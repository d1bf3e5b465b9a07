"""What a file is by its first bytes, whatever it is called: a text, a workbook, or something that holds no table for us."""

import re
from typing import Literal

Kind = Literal["text", "workbook", "page"]
# As many bytes as tell.
START_BYTES = 512
_ZIP, _OLE = b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_SEND = "send CSV or a workbook"
_PACK = "pack it as .gz or .zip"
_DECRYPT = "deliver it decrypted, over a channel that is encrypted"
# How files of other kinds begin -> what they are, and what to do.
_FOREIGN = {
    b"%PDF-": ("a PDF", _SEND),
    b"\x28\xb5\x2f\xfd": ("compressed by Zstandard", _PACK),
    b"BZh": ("compressed by bzip2", _PACK),
    b"\xfd7zXZ\0": ("compressed by xz", _PACK),
    b"\x04\x22\x4d\x18": ("compressed by LZ4", _PACK),
    b"7z\xbc\xaf\x27\x1c": ("a 7-Zip archive", _PACK),
    b"Rar!\x1a\x07": ("a RAR archive", _PACK),
    b"\x1f\x8b": ("compressed by gzip within what it was packed in", "pack it once"),
    b"PAR1": ("a Parquet file", _SEND),
    b"Obj\x01": ("an Avro file", _SEND),
    b"ARROW1": ("an Arrow file", _SEND),
    b"ORC": ("an ORC file", _SEND),
    b"SQLite format 3\0": ("an SQLite database", _SEND),
    b"\0" * 12 + b"\xc2\xea\x81\x60": ("a SAS table", _SEND),
    b"<stata_dta>": ("a Stata file", _SEND),
    b"$FL2@(#)": ("an SPSS file", _SEND),
    b"\x89PNG": ("a picture", _SEND),
    b"\xff\xd8\xff": ("a picture", _SEND),
    b"GIF8": ("a picture", _SEND),
    b"{\\rtf": ("a text document", _SEND),
    b"-----BEGIN PGP": ("encrypted", _DECRYPT),
    b"age-encryption.org": ("encrypted", _DECRYPT),
    b"\x84\x5e": ("encrypted", _DECRYPT),
    b"\x8c\x0d": ("encrypted", _DECRYPT),
    b"\x85\x01": ("encrypted", _DECRYPT),
    b"\x85\x02": ("encrypted", _DECRYPT),
}
# Letters that a text may begin with too; the others hold bytes that no text has.
_MAY_BEGIN_A_HEADER = (b"BZh", b"PAR1", b"ARROW1", b"ORC", b"GIF8")
_CONTROL = re.compile(rb"[\x00-\x08]")
_JSON = re.compile(rb"(\xef\xbb\xbf)?\s*(\[\s*[\[{]|\{\s*\"[^\"\n]*\"\s*:)")


def kind_of(start: bytes) -> Kind:
    """Kind of an unpacked file by its first bytes; `page` is HTML or XML, which no reader takes."""
    if start.startswith((_ZIP, _OLE)):
        return "workbook"
    plain = start.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    return "page" if plain.startswith((b"<!doctype", b"<html", b"<?xml", b"<table")) else "text"


def foreign(start: bytes) -> str:
    """Why no table can be read of a file that begins so, and what to do, as a sentence; '' where one may be."""
    if kind_of(start) == "page":
        return f"The file is a web page or XML, whatever it is called; {_SEND}."
    if _JSON.match(start):
        return f"The file is JSON, whatever it is called; {_SEND}."
    begins = next((b for b in _FOREIGN if start.startswith(b)), None)
    if begins is None or (begins in _MAY_BEGIN_A_HEADER and not _CONTROL.search(start)):
        return ""
    what, do = _FOREIGN[begins]
    return f"The file is {what}, whatever it is called; {do}."
