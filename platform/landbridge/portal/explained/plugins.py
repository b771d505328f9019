"""Wheels of labs: why inspection refuses one."""

from typing import Final

from django.utils.translation import gettext_lazy as _

from landbridge.portal.explained.shape import Explained
from landbridge.portal.words import Text

BUILD: Final = _("Build the wheel again with `python -m build --wheel`, and send that file as it is.")
TABLE: Final[tuple[tuple[tuple[str, ...], Text, Text], ...]] = (
    (
        ("archive_damaged", "archive_encrypted", "archive_compression", "archive_duplicate", "archive_case"),
        _("The wheel is not a sound archive"),
        BUILD,
    ),
    (
        ("archive_path", "archive_link", "archive_special"),
        _("The wheel holds a path or a link that leads elsewhere"),
        _("Every file must lie inside the package, under a plain name."),
    ),
    (
        ("archive_ratio", "archive_too_large", "archive_too_many_files"),
        _("The wheel unpacks to too much"),
        _("Put weights beside the wheel as safetensors, and leave out what is not needed."),
    ),
    (
        ("record_invalid", "record_unlisted", "record_mismatch", "record_missing_file"),
        _("The wheel is not what its RECORD says"),
        BUILD,
    ),
    (
        ("wheel_pth", "wheel_scripts", "wheel_data", "wheel_bytecode"),
        _("The wheel would put files where they do harm"),
        _("Remove `.pth` files, scripts, `*.data` folders and bytecode; keep everything in your package."),
    ),
    (
        ("wheel_tag", "wheel_native", "wheel_file_name", "sdist_refused"),
        _("Only pure Python wheels run here"),
        _("Build a wheel named NAME-VERSION-py3-none-any.whl; source distributions and compiled code are refused."),
    ),
    (
        ("wheel_dist_info", "wheel_name_mismatch", "entry_point_invalid"),
        _("What the wheel says of itself does not agree"),
        BUILD,
    ),
    (
        ("module_shadowed", "distribution_shadowed", "undeclared_name"),
        _("The wheel brings a module under a name that it may not use"),
        _("Rename your package, and keep all its modules inside it."),
    ),
    (
        ("no_entry_point", "entry_point_foreign"),
        _("The wheel names no plugin of its own"),
        _("Add `[project.entry-points.landbridge]` to pyproject.toml, with your own module."),
    ),
    (("license_missing",), _("The wheel declares no license"), _("Add an SPDX `license` to pyproject.toml.")),
    (
        ("plugin_name_taken",),
        _("This plugin name belongs to another organization"),
        _("Give your distribution another name."),
    ),
    (
        ("version_taken",),
        _("This version was released with other content"),
        _("A version never changes: raise it in pyproject.toml and build again."),
    ),
    (("wheel_missing",), _("This wheel was not sent yet"), _("Send its bytes first, then submit it by its digest.")),
    (("wheel_refused",), _("This wheel is refused"), _("The answer says what must be changed.")),
    (("digest",), _("The bytes have another digest"), _("Send the file again, under its own SHA-256.")),
)
PLUGINS: Final = tuple(Explained(code, title, remedy) for codes, title, remedy in TABLE for code in codes)
