"""Ids of rows: one maker for the whole house (the registry lies lowest and owns it)."""

from landbridge_registry.ids import LENGTH, new_id

__all__ = ["LENGTH", "new_id"]
