"""Uploaded files, kept on disk under names of our own: a sender's file name takes no part in any path of ours."""

from typing import Any, Final

from django.core.files.uploadhandler import TemporaryFileUploadHandler

NAME: Final = "upload"


class NamelessUploadHandler(TemporaryFileUploadHandler):
    """Django's puts the sender's extension into the temporary name, where a long one or a NUL breaks ``open``.

    The name as it was sent is kept as ``path``, for those who judge it.
    """

    def new_file(self, field_name: str, file_name: str, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 Django's signature
        super().new_file(field_name, NAME, *args, **kwargs)
        self.sent_name = file_name

    def file_complete(self, file_size: int) -> Any:  # noqa: ANN401 Django's signature
        file = super().file_complete(file_size)
        if file is not None:
            file.path = self.sent_name  # type: ignore[attr-defined] # our mark
        return file
