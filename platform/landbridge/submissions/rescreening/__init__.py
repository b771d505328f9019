"""Sealed versions are looked at again: weekly, and when the rules change. What is new is for a person to decide on."""
