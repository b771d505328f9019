"""Rows made ready to be shown: what a template needs, decided once and typed."""
