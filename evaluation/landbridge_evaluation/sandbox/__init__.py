"""Starting the process that holds a model. The one place of the engine that starts processes.

There is one tier so far, ``none``: a plain child with an empty environment, limits, a process group of its own, and
death with its parent. It is for models without code and for plugins that the operator installed, never for lab code.
"""

from landbridge_evaluation.sandbox.launch import Child, launch

TIER = "none"
WHY_NOT = (
    "This version has no containment: a model's process could reach the network and files. "
    "Models without code and plugins that the operator installed run; lab code is refused until the sandbox is there."
)

__all__ = ["TIER", "WHY_NOT", "Child", "launch"]
