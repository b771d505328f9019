"""REST about people, organizations and keys."""
