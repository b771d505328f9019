"""What axe-core finds on a page (WCAG 2.0 to 2.2, A and AA, best practices), and whether it scrolls sideways."""

from pathlib import Path
from typing import Any

from tests.e2e.conftest import Visitor

AXE = Path(__file__).parent / "vendor" / "axe.min.js"
RULES = {
    "runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}
}


def faults(visitor: Visitor, path: str, width: int = 1280) -> list[str]:
    page = visitor.go(path)
    page.evaluate(AXE.read_text())
    result: dict[str, Any] = page.evaluate("rules => axe.run(document, rules)", RULES)
    said = [
        f"{path}: {fault['id']}: {fault['help']}: {fault['nodes'][0]['html'][:160]} ({len(fault['nodes'])}x)"
        for fault in result["violations"]
    ]
    reach = page.evaluate("document.documentElement.scrollWidth")
    return said if reach <= width else [*said, f"{path} scrolls sideways: {reach} px at {width}"]
