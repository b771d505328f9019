"""The file formats that cross the bridge, parsed strictly: a lab checks with the same code as the platform."""

from landbridge_client.formats.canonical import canonical_json
from landbridge_client.formats.cards import Card, parse_card
from landbridge_client.formats.digest import file_digest, tree_digest
from landbridge_client.formats.errors import FormatError
from landbridge_client.formats.safetensors import Header, TensorInfo, read_header

__all__ = [
    "Card",
    "FormatError",
    "Header",
    "TensorInfo",
    "canonical_json",
    "file_digest",
    "parse_card",
    "read_header",
    "tree_digest",
]
