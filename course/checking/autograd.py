"""Which parameters a result was computed from, read from autograd's graph."""

import torch


def has_node(output: torch.Tensor, kind: str) -> bool:
    """Return whether a node of this kind, such as "CloneBackward", is in the graph of an output."""
    return any(kind in node.name() for node in _nodes(output))


def _nodes(output: torch.Tensor) -> list[torch.autograd.graph.Node]:
    """Return all nodes of an output's graph, each once."""
    nodes = []
    seen = set()
    waiting = [output.grad_fn]
    while waiting:
        node = waiting.pop()
        if node is None or node in seen:
            continue
        seen.add(node)
        nodes.append(node)
        for next_node, _ in node.next_functions:
            waiting.append(next_node)
    return nodes


def leaf_tensors(output: torch.Tensor) -> list[torch.Tensor]:
    """Return the tensors that backward() from `output` would give a `.grad`, each object once.

    They are the leaves of the graph, whether or not a module has registered them. They are found by
    following `next_functions` to the nodes that hold a `variable` ("Autograd mechanics" in the
    PyTorch notes).
    """
    return [node.variable for node in _nodes(output) if hasattr(node, "variable")]
