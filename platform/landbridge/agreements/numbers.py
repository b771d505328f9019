"""Agreement numbers: ``LB-{ORG}-{TYPE}-{YYYY}-{NNNNN}-{c}``, gapless per licensor and year, with a check character."""

from django.db.models import F

from landbridge.accounts.models import Organization
from landbridge.agreements.models import NumberCounter
from landbridge.core.db import step

ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
WIDE, NARROW = 37, 36


def check_character(text: str) -> str:
    """ISO 7064 MOD 37,36 over the letters and digits of ``text``: finds every wrong and every swapped character."""
    rest = NARROW
    for character in text.upper():
        if character in ALPHABET:
            rest = (rest + ALPHABET.index(character)) % NARROW or NARROW
            rest = rest * 2 % WIDE
    return ALPHABET[(WIDE - rest) % NARROW]


def well_formed(number: str) -> bool:
    """Whether the last character is the check of the others: a mistyped number never reaches the database."""
    head, _, check = number.rpartition("-")
    return bool(head) and check == check_character(head)


def compose(slug: str, kind: str, year: int, place: int) -> str:
    head = f"LB-{slug.upper()}-{kind}-{year:04}-{place:05}"
    return f"{head}-{check_character(head)}"


@step
def allocate(*, licensor: Organization, kind: str, year: int) -> str:
    """The next number. The counter's row stays locked until the caller commits, so a rollback leaves no gap."""
    NumberCounter.objects.get_or_create(organization=licensor, year=year)
    counters = NumberCounter.objects.filter(organization=licensor, year=year)
    counters.update(last=F("last") + 1)
    return compose(licensor.slug, kind, year, counters.get().last)
