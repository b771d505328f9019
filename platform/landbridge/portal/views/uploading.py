"""A folder from a page: its paths kept, screened before anything is stored for good, then committed as one.

Browsers send a file's path inside the chosen folder as its file name. Django keeps base names only, so a parser of our
own reads this one form; every path is checked again by screening and by the registry.
"""

import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import wraps
from pathlib import Path
from typing import Any, BinaryIO, Concatenate, Final, ParamSpec

from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest, HttpResponseBase
from django.http.multipartparser import MultiPartParser
from django.views.decorators.csrf import csrf_exempt, csrf_protect

from landbridge.core.uploads import NamelessUploadHandler
from landbridge_client.screening.files import SKIPPED_FILES, SKIPPED_FOLDERS

P = ParamSpec("P")
View = Callable[Concatenate[HttpRequest, P], HttpResponseBase]
LONGEST: Final = 2000


class _Parser(MultiPartParser):
    """Keeps the path that the browser sends; screening judges it."""

    def sanitize_file_name(self, file_name: str) -> str | None:
        name = file_name.replace("\\", "/").lstrip("/")[:LONGEST]
        return None if not name or name.endswith("/") else name


def takes_folders(view: View[P]) -> View[P]:
    """Parse this view's form with paths. CSRF is checked after that, by Django's own check of the same request."""
    protected = csrf_protect(view)

    @wraps(view)
    def parsed(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        if request.method == "POST" and request.content_type == "multipart/form-data":
            handlers = [NamelessUploadHandler(request)]
            parser = _Parser(request.META, request, handlers, request.encoding)
            request._post, request._files = parser.parse()  # type: ignore[attr-defined] # noqa: SLF001 what Django's loader fills
        return protected(request, *args, **kwargs)

    return csrf_exempt(parsed)


@dataclass(frozen=True, slots=True)
class Sent:
    """One file as it was sent; screening reads it as it reads files of a disk."""

    path: str
    file: UploadedFile[Any]

    @property
    def size(self) -> int:
        return int(self.file.size or 0)

    def open(self) -> BinaryIO:
        return Path(self.file.temporary_file_path()).open("rb")  # type: ignore[attr-defined] # our handler's are files


@dataclass(frozen=True, slots=True)
class Written:
    """A file that the page makes: a card from what was typed."""

    path: str
    content: bytes

    @property
    def size(self) -> int:
        return len(self.content)

    def open(self) -> BinaryIO:
        return io.BytesIO(self.content)


def sent_files(files: Sequence[UploadedFile[Any]]) -> list[Sent]:
    """The files with paths inside the folder; caches and version control are left out, as the command does it."""
    found = [Sent(str(getattr(file, "path", file.name)), file) for file in files]
    tops = {one.path.split("/")[0] for one in found}
    if len(tops) == 1 and all("/" in one.path for one in found):
        found = [Sent(one.path.partition("/")[2], one.file) for one in found]
    return [one for one in found if not _skipped(one.path)]


def _skipped(path: str) -> bool:
    *folders, name = path.split("/")
    return name in SKIPPED_FILES or any(folder in SKIPPED_FOLDERS for folder in folders)
