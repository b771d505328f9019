"""What ``up`` prints when the instance stands: where to look, how to get in, and the board itself."""

from typing import Any

from landbridge.api.management.launch.demo import BOARD, Cast
from landbridge.api.management.launch.instance import Instance, told
from landbridge_client.errors import LandbridgeError
from landbridge_client.rest import Client


def collect(instance: Instance, cast: Cast, *, seconds: float) -> dict[str, Any]:
    """The JSON object of ``up --json``."""
    url = instance.address.url
    return {
        "url": url,
        "board": f"{url}/leaderboards/{BOARD}",
        "seconds": round(seconds, 1),
        "tokens": cast.tokens,
        "sign_in": {role: told("sign_in_link", name, "--base", url)["url"] for role, name in cast.users.items()},
        "step_up": cast.step_up,
        "pending": cast.pending,
        "leaderboard": _entries(url),
    }


def _entries(url: str) -> list[dict[str, Any]]:
    with Client(url) as client:
        try:
            return [dict(entry.data) for entry in client.boards.entries(BOARD) if entry.rank is not None]
        except LandbridgeError:
            return []


def render(ready: dict[str, Any]) -> str:
    """The same for people."""
    lines = [""]
    entries = ready["leaderboard"]
    if entries:
        models = {entry["model"] for entry in entries}
        lines += [*_tables(entries), ""]
        lines.append(
            f"  Leaderboard   {ready['board']}   {len(models)} models, {len(entries)} results, {ready['seconds']} s"
        )
    else:
        lines.append(f"  Landbridge    {ready['url']}   sign up there; the operator confirms authority")
    if ready["sign_in"]:
        lines.append("  Sign in once  (links work for 30 minutes)")
        lines += [f"    {role:<16}{link}" for role, link in ready["sign_in"].items()]
    token = ready["tokens"].get("lab")
    if token:
        lines.append(
            f'  API           curl -H "Authorization: Bearer {token}" {ready["url"]}/api/v1/leaderboards/{BOARD}'
        )
    return "\n".join([*lines, ""])


def _tables(entries: list[dict[str, Any]]) -> list[str]:
    lines = []
    for task in sorted({entry["task"] for entry in entries}):
        rows = sorted((one for one in entries if one["task"] == task), key=lambda one: int(one["rank"]))
        lines += ["", f"  {task}"]
        lines += [f"    {row['rank']:>5}  {row['model']:<34} {_score(row)}" for row in rows]
    return lines


def _score(row: dict[str, Any]) -> str:
    score = row["score"]
    low, high = score["ci95"]
    return f"{score['value']:.3f}  [{low:.3f}, {high:.3f}]  n={score['n']}"
