"""Screening by content: what a submission may hold is listed here, everything else is refused.

The same rules run in ``landbridge submit`` before anything is uploaded and on the platform before anything is sealed.
Nothing is executed, unpickled or unpacked; files are read in bounded pieces.
"""

from landbridge_client.screening.files import FileView, LocalFile, folder_files
from landbridge_client.screening.limits import LIMITS, Limits
from landbridge_client.screening.rules import screen

__all__ = ["LIMITS", "FileView", "Limits", "LocalFile", "folder_files", "screen"]
