"""The process that holds a model. It gets questions, never answers; it gives predictions, nothing else.

Everything in it counts as hostile, this package included: only what the supervisor sees and checks counts.
"""
