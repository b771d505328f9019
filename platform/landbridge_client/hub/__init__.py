"""The Hub routes as our client needs them: upload a folder, read a tree, fetch files that are verified."""

from landbridge_client.hub.client import HubClient, Snapshot, TreeFile

__all__ = ["HubClient", "Snapshot", "TreeFile"]
