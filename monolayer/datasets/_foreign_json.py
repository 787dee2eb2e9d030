"""JSON as other programs write it, brought into the JSON of the standard."""

import json
import re

import msgspec

_STRING_OR_NO_NUMBER = re.compile(rb'"(?:[^"\\]|\\.)*"|-?\b(?:NaN|Inf(?:inity)?)\b', re.IGNORECASE)
_NO_NUMBER = re.compile(rb"[\s:,\[]-?(?:NaN|Inf(?:inity)?)[\s,\]}]", re.IGNORECASE)


def plain_json(data: bytes) -> bytes:
    r"""Return JSON as UTF-8, without a byte order mark, and with null for numbers that are none.

    Parameters
    ----------
    data
        JSON in UTF-8, 16 or 32. ``NaN`` and ``Infinity`` in it are Python's; no standard has them.

    Raises
    ------
    UnicodeError
        It is text in none of these encodings.

    Examples
    --------
    >>> plain_json('{"area": -Infinity, "note": "NaN, "}'.encode("utf-16"))
    b'{"area": null, "note": "NaN, "}'
    """
    encoding = json.detect_encoding(data)
    if encoding != "utf-8":
        data = data.decode(encoding).encode()
    if not _NO_NUMBER.search(data):  # which spares a large file the slow way
        return data
    return _STRING_OR_NO_NUMBER.sub(lambda found: found[0] if found[0][:1] == b'"' else b"null", data)


class _Keyed(msgspec.Struct):
    images: list[msgspec.Raw] | dict[str, dict[str, msgspec.Raw]]
    annotations: list[msgspec.Raw] | dict[str, dict[str, msgspec.Raw]]
    categories: msgspec.Raw = msgspec.Raw(b"null")


def listed_json(data: bytes) -> bytes:
    """Return a COCO file with lists in place of mappings from id; the key is the id of what has none inside.

    >>> listed_json(b'{"images": {"7": {"width": 5}, "8": {"id": 9}}, "annotations": []}')
    b'{"images":[{"id":"7","width":5},{"id":9}],"annotations":[],"categories":null}'
    """
    file = msgspec.json.decode(data, type=_Keyed)
    return msgspec.json.encode(_Keyed(_list(file.images), _list(file.annotations), file.categories))


def _list(items: list[msgspec.Raw] | dict[str, dict[str, msgspec.Raw]]) -> list[msgspec.Raw]:
    if isinstance(items, list):
        return items
    return [
        msgspec.Raw(msgspec.json.encode({"id": msgspec.Raw(msgspec.json.encode(key))} | item))
        for key, item in items.items()
    ]
