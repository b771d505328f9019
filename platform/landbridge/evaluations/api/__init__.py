"""Evaluations over REST: ask, watch, stop, read."""
