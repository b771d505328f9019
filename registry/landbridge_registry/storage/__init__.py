"""The one store of all contents, large and small: files named by their digest below the instance's folder."""

from landbridge_registry.storage.staging import Stage
from landbridge_registry.storage.store import Stored, open_blob, path_of, put_bytes, put_stream, read_range, remove

__all__ = ["Stage", "Stored", "open_blob", "path_of", "put_bytes", "put_stream", "read_range", "remove"]
