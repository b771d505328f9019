"""What a parser says when it refuses a file."""


class FormatError(ValueError):
    """A file breaks its format. ``code`` is for programs and never changes, the message is a sentence for the lab."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
