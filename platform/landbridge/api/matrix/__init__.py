"""The access matrix: who may do what, route by route, computed from what the views declare and nothing else."""
