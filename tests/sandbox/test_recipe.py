"""The words of the recipe: what is bound, what is given, what is bounded."""

from pathlib import Path

import pytest

from landbridge_evaluation import config
from landbridge_evaluation.sandbox import recipe, tiers
from landbridge_evaluation.sandbox.recipe import Inputs, NoContainment

ROOT = Path(__file__).parents[2]


def pairs(words: list[str], flag: str) -> dict[str, str]:
    """Target → source."""
    return {words[place + 2]: words[place + 1] for place, word in enumerate(words) if word == flag}


def test_the_repository_and_the_home_are_not_bound(tmp_path: Path) -> None:
    words = recipe.arguments(Inputs(model=tmp_path, job=tmp_path), "bwrap")
    bound = pairs(words, "--ro-bind")
    assert bound["/model"] == str(tmp_path.resolve()) and bound["/job"] == bound["/model"]
    sources = {Path(one) for one in bound.values()}
    assert not {Path("/"), ROOT, Path.home(), *ROOT.parents} & sources
    assert "--bind" not in words and "--dev-bind" not in words
    assert not any("platform" in str(one) or "registry" in str(one) for one in sources)


def test_every_namespace_is_new_and_nothing_is_inherited() -> None:
    words = recipe.arguments(Inputs(), "bwrap")
    for wanted in ("user", "ipc", "pid", "net", "uts"):
        assert f"--unshare-{wanted}" in words
    for flag in ("--disable-userns", "--as-pid-1", "--die-with-parent", "--new-session", "--clearenv"):
        assert flag in words
    last = words.index("--")
    assert words[last + 1 :][:2] == ["prlimit", "--nproc=112:112"]
    assert words[words.index("--proc") :].index("/proc/sys") > 0
    assert words.index("--remount-ro") > max(
        place for place, word in enumerate(words) if word in ("--tmpfs", "--ro-bind")
    )
    names = {words[place + 1] for place, word in enumerate(words) if word == "--setenv"}
    assert names == recipe.environment(1).keys() and len(names) == 12


def test_links_out_of_a_model_folder_are_followed_for_trusted_models_only(tmp_path: Path) -> None:
    model, blob = tmp_path / "model", tmp_path / "blob"
    (model / "deep").mkdir(parents=True)
    (model / "config.json").write_text("{}")
    assert [*recipe.given(Inputs(model=model))] == [(model, "/model")]
    blob.write_text("weights")
    (model / "deep" / "weights").symlink_to(blob)
    given = [(model / "config.json", "/model/config.json"), (blob, "/model/deep/weights")]
    assert [*recipe.given(Inputs(model=model))] == given
    assert [*recipe.given(Inputs(model=model, plugin=tmp_path))] == [(model, "/model"), (tmp_path, "/plugin")]


def test_limits_leave_the_last_word_on_memory_to_the_watchdog() -> None:
    bounds = recipe.limits(Inputs(memory_mb=1000, wall_s=10, threads=3))
    assert bounds["RLIMIT_DATA"] > 1000 << 20 and bounds["RLIMIT_CPU"] == 50
    assert bounds["RLIMIT_CORE"] == bounds["RLIMIT_MSGQUEUE"] == 0 and bounds["RLIMIT_NOFILE"] == 256
    assert "RLIMIT_AS" not in bounds and "RLIMIT_DATA" not in recipe.limits(Inputs(memory_mb=1, devices=("/dev/x",)))


def test_devices_come_after_dev_as_devices() -> None:
    words = recipe.arguments(Inputs(devices=("/dev/null",)), "bwrap")
    assert words.index("--dev-bind") > words.index("--dev") and pairs(words, "--ro-bind")["/sys"] == "/sys"


def test_python_in_a_folder_with_the_instance_is_not_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(config, "HOME", recipe.interpreter()[0] / "var")
    with pytest.raises(NoContainment, match="holds Python and more than that"):
        recipe.arguments(Inputs(), "bwrap")


@pytest.mark.parametrize(
    ("said", "helps"),
    [
        ("bwrap: Unknown option --disable-userns", "0.8 or newer"),
        ("sandbox: the process cannot be prepared: [Errno 1] unshare", "CAP_SYS_ADMIN"),
        ("sandbox: LANDBRIDGE_SANDBOX_UID is root.", "Models never run as root"),
    ],
)
def test_each_failure_has_its_remedy(said: str, helps: str) -> None:
    assert helps in tiers.remedy(said)


@pytest.mark.parametrize(
    ("name", "value", "helps"),
    [
        ("kernel/apparmor_restrict_unprivileged_userns", 1, "/etc/apparmor.d/bwrap"),
        ("user/max_user_namespaces", 0, "sysctl user.max_user_namespaces"),
        ("kernel/unprivileged_userns_clone", 0, "sysctl kernel.unprivileged_userns_clone"),
    ],
)
def test_a_closed_kernel_has_its_remedy(name: str, value: int, helps: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tiers, "number", lambda asked: value if asked == name else None)
    assert helps in tiers.remedy("bwrap: setting up uid map: Permission denied")


def test_dockers_proc_has_its_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tiers, "number", lambda _: None)
    assert "seccomp=unconfined" in tiers.remedy("bwrap: Can't mount proc on /newroot/proc: Operation not permitted")
