"""What counts as text here: what both databases keep and every encoder writes."""


def is_storable(text: str) -> bool:
    """No NUL, which PostgreSQL refuses; no half of a surrogate pair, which is no UTF-8."""
    if "\0" in text:
        return False
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
