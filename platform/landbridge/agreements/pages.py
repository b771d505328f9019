"""Where a person goes on: addresses of pages, so that an answer of any door can name the next step."""

from landbridge_registry.models import Repo, RepoType


def repository(repo: Repo) -> str:
    return f"/{repo}" if repo.type == RepoType.MODEL else f"/datasets/{repo}"


def request(repo: Repo) -> str:
    """The terms, and the form that takes them."""
    return f"{repository(repo)}/license"


def agreement(number: str) -> str:
    return f"/agreements/{number}"


def sign_in(repo: Repo) -> str:
    return f"/accounts/login/?next={request(repo)}"


def tokens() -> str:
    return "/settings/tokens"
