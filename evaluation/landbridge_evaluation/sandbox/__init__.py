"""Starting the process that holds a model, contained. The one place of the engine that starts processes."""

from landbridge_evaluation.sandbox.launch import Child, launch
from landbridge_evaluation.sandbox.probe import Probe, kept, probe
from landbridge_evaluation.sandbox.recipe import RESULTS, Inputs, NoContainment
from landbridge_evaluation.sandbox.tiers import tier
from landbridge_evaluation.sandbox.watch import Watch

TIER = "none"
__all__ = [
    "RESULTS",
    "TIER",
    "Child",
    "Inputs",
    "NoContainment",
    "Probe",
    "Watch",
    "kept",
    "launch",
    "probe",
    "tier",
]
