"""What a model says about one new photo."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import nn

from course.vision.modes import in_eval_mode
from course.vision.photos.opening import open_photo
from course.vision.photos.transforms import Transform, apply, output_side

Classes = Sequence[str] | Mapping[str, Sequence[str] | None]


def predict(
    model: nn.Module, transform: Transform, file: Path | str, classes: Classes | None = None
) -> dict[str, Any]:
    """Return what a model says about one photo: {task: {class: probability}}, the likeliest first.

    model: images (1, 3, H, W) -> {task: logits (1, classes)}, or logits alone. It runs in eval mode
    and without gradients, on the device where it is.
    transform: the one for evaluation that the model was measured with.
    classes: {task: [class names]}, or a list of names where the model returns logits alone; then
    the result is {class: probability}. By default model.classes. For a task of values, whose
    names are None, the result holds the number.

    Raises PhotoError where the file cannot be read, ValueError where the classes do not fit.
    """
    if not isinstance(model, nn.Module):
        raise TypeError(
            "expected a model that returns logits, such as photos.probe(backbone, album), "
            f"got {type(model).__name__}."
        )
    classes = getattr(model, "classes", None) if classes is None else classes
    if classes is None:
        raise ValueError(
            "expected the names of the classes, as model.classes or as classes=album.classes."
        )
    photo = open_photo(file, 2 * output_side(transform))
    image = apply(transform, photo)[None]  # (1, 3, H, W)
    first = next(model.parameters(), image)
    with in_eval_mode(model), torch.no_grad():
        outputs = model(image.to(first.device, first.dtype))
    if isinstance(classes, Mapping):
        if not isinstance(outputs, Mapping):
            outputs = _named(outputs, classes)
        return {task: _said(outputs[task], names, task) for task, names in classes.items()}
    return _said(outputs, classes, "the model")


def _named(outputs: torch.Tensor, classes: Mapping[str, Any]) -> dict[str, torch.Tensor]:
    """Return outputs under the name of the only task."""
    if len(classes) != 1:
        raise ValueError(
            f"expected outputs for {', '.join(classes)}, got logits alone. Let the model return "
            "{task: logits}, or pass the list of one task's names."
        )
    return {task: outputs for task in classes}


def _said(logits: torch.Tensor, names: Sequence[str] | None, task: str) -> Any:
    """Return {class: probability}, the likeliest first; or a number where there are no names."""
    if names is None:
        return logits.item()
    if logits.shape != (1, len(names)):
        raise ValueError(
            f"{task}: expected logits (1, {len(names)}), one for each class, "
            f"got {tuple(logits.shape)}."
        )
    probabilities = logits[0].float().softmax(0).tolist()
    ranked = sorted(zip(names, probabilities), key=lambda pair: -pair[1])
    return dict(ranked)
