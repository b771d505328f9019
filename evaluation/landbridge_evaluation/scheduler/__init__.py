"""Decoder scoring: each shared token once, the head only where a token is scored, log-softmax in fp32, sums in fp64."""
