"""What names and paths may be (the tables of bad input)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from landbridge_registry import names, paths
from landbridge_registry.errors import BadName, BadPath

BAD_NAMES = [
    "..",
    ".",
    "a b",
    "a/b",
    "é",
    "a--b",
    "x" * 97,
    "x.git",
    "x.GIT",
    "-a",
    "a-",
    "a..b",
    "",
    "a\0b",
    "<script>",
]
BAD_PATHS = [
    "../x", "a/../../b", "a/../b", "/etc/passwd", "./x", "a//b", ".git/config", "a/.GIT/hooks/x", "a\0b", "..", ".",
    "a/", "", "a\\b", "x" * 1025, "a/" + "é" * 128, "\udc80", "a\nb", "a\x7fb",
]  # fmt: skip


@pytest.mark.parametrize("name", BAD_NAMES)
def test_a_bad_name_is_refused(name: str) -> None:
    with pytest.raises(BadName):
        names.check_repo_name(name)


@pytest.mark.parametrize("name", ["a", "bert-base.v1_2", "x" * 96, "API"])
def test_a_good_name_passes(name: str) -> None:
    assert names.check_repo_name(name) == name


@pytest.mark.parametrize("name", ["api", "Datasets", "v1"])
def test_a_namespace_is_no_address_of_ours(name: str) -> None:
    with pytest.raises(BadName):
        names.check_namespace(name)


@pytest.mark.parametrize("path", BAD_PATHS)
def test_a_bad_path_is_refused(path: str) -> None:
    with pytest.raises(BadPath):
        paths.check(path)


@pytest.mark.parametrize("path", ["a", "a/b.txt", ".gitattributes", "模型/é.txt", "sp ace+%20&#.txt", "...", "a.git/b"])
def test_a_good_path_passes(path: str) -> None:
    assert paths.check(path) == path


@given(st.text())
def test_what_passes_stays_below_its_folder(path: str) -> None:
    if not paths.fault_of(path):
        assert not path.startswith("/") and ".." not in path.split("/") and "\0" not in path
