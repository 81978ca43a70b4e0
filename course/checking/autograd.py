"""Which parameters a result was computed from, read from autograd's graph."""

import torch


def leaf_tensors(output: torch.Tensor) -> list[torch.Tensor]:
    """Return the tensors that backward() from `output` would give a `.grad`, each object once.

    They are the leaves of the graph, whether or not a module has registered them. They are found by
    following `next_functions` to the nodes that hold a `variable` ("Autograd mechanics" in the
    PyTorch notes).
    """
    leaves = []
    seen = set()
    waiting = [output.grad_fn]
    while waiting:
        node = waiting.pop()
        if node is None or node in seen:
            continue
        seen.add(node)
        if hasattr(node, "variable"):
            leaves.append(node.variable)
        for next_node, _ in node.next_functions:
            waiting.append(next_node)
    return leaves
