"""A linear probe: one linear layer for each task on frozen features, and the model of the two."""

import torch
from torch import nn
from torch.nn import functional

from course.vision.photos.album import MISSING, Album
from course.vision.photos.backbones import Backbone
from course.vision.photos.extracting import features

DECAY = 0.01  # of the weights on standardised features, beside the mean loss
STEPS = 200  # of L-BFGS at most; the problem is convex, so it ends at the one minimum


class PhotoModel(nn.Module):
    """A backbone and a linear head for each task.

    classes: {task: [class names]}; a task of values has None.
    forward: images (N, 3, H, W) -> {task: logits (N, classes), or values (N, 1)}.
    """

    def __init__(
        self, backbone: nn.Module, width: int, classes: dict[str, list[str] | None]
    ) -> None:
        super().__init__()
        self.backbone = backbone
        self.classes = classes
        self.heads = nn.ModuleList(
            nn.Linear(width, 1 if names is None else len(names)) for names in classes.values()
        )

    def forward(self, images: torch.Tensor) -> dict[str, torch.Tensor]:
        rows = self.backbone(images)  # (N, width)
        return {task: head(rows) for task, head in zip(self.classes, self.heads)}


def probe(backbone: Backbone, album: Album) -> PhotoModel:
    """Train a linear head for each task of an album on the backbone's frozen features.

    A photo without a label for a task is left out of that task's loss. Returns the backbone and
    the heads as one model in eval mode, on the CPU; the backbone is the same module, not a copy.

    Raises ValueError where a task has no label at all.
    """
    rows = features(backbone, album)
    classes = {**album.classes, **dict.fromkeys(album.values)}
    model = PhotoModel(backbone.model, backbone.width, classes)
    for (task, names), head in zip(classes.items(), model.heads):
        targets = album.values[task] if names is None else album.labels[task]
        known = ~targets.isnan() if names is None else targets != MISSING
        if not known.any():
            raise ValueError(
                f"expected photos with a label for {task!r}, got none. "
                "Add labels, or leave out this column."
            )
        _fit(head, rows[known], targets[known])
    return model.eval()


def _fit(head: nn.Linear, rows: torch.Tensor, targets: torch.Tensor) -> None:
    """Set a head's weights to the minimum of its loss, with decay, on rows (N, width)."""
    mean, std = rows.mean(0), rows.std(0, correction=0).clamp(min=1e-6)
    rows = (rows - mean) / std
    level, scale = torch.zeros(1), torch.ones(1)  # of values: where they begin, how far they go
    if targets.is_floating_point():
        level, scale = targets.mean(), targets.std(correction=0).clamp(min=1e-6)
        targets = (targets - level) / scale
    weight = torch.zeros_like(head.weight, requires_grad=True)
    bias = torch.zeros_like(head.bias, requires_grad=True)
    optimizer = torch.optim.LBFGS([weight, bias], max_iter=STEPS, line_search_fn="strong_wolfe")

    def closure() -> torch.Tensor:
        optimizer.zero_grad()
        outputs = functional.linear(rows, weight, bias)
        if targets.is_floating_point():
            loss = functional.mse_loss(outputs[:, 0], targets)
        else:
            loss = functional.cross_entropy(outputs, targets)
        loss = loss + DECAY * weight.square().sum()
        loss.backward()
        return loss

    optimizer.step(closure)
    with torch.no_grad():  # the head takes features as they are, so it standardises them itself
        head.weight.copy_(scale * weight / std)
        head.bias.copy_(scale * (bias - weight @ (mean / std)) + level)
