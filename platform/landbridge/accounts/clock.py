"""The actor of what time alone does. The migration makes it; where a database was emptied it is made again."""

from landbridge.accounts.models import User, UserKind
from landbridge_registry.models import Namespace, NamespaceKind

NAME = "clock"


def clock() -> User:
    user, created = User.objects.get_or_create(username=NAME, defaults={"kind": UserKind.CLOCK, "password": "!"})
    if created:
        Namespace.objects.get_or_create(name=NAME, defaults={"kind": NamespaceKind.USER})
    return user
