"""Exercise 4 of lesson 03: how a new head was trained, and why the old head's answers changed."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

import torch
from torch import nn
from torch.optim.optimizer import register_optimizer_step_post_hook

from course.checking.batchnorm import Record, batchnorms, why_statistics_moved
from course.checking.misconception import Misconception, wrong_result
from course.lessons.lesson03.diagnosis import State, describe_moved
from course.lessons.lesson03.fixtures import largest_gap


class Batch(NamedTuple):
    """One batch that went into the new head with gradients on."""

    features: torch.Tensor  # (images, C)
    dropout_at_work: bool
    p: float  # the Dropout's
    batch_statistics: bool  # whether the BatchNorms below normalised with the batch's own
    steps: int  # of an optimizer, up to now

    @property
    def images(self) -> int:
        return len(self.features)


@contextmanager
def batches_of(dropout: nn.Module, record: Record) -> Iterator[list[Batch]]:
    """Record the batches that reach the new head's Dropout; `record` comes from `watch`."""
    batches: list[Batch] = []
    seen = 0
    batch_statistics = False
    steps = 0
    p = dropout.p

    def note_batch(layer, inputs):
        nonlocal seen, batch_statistics
        new = record.forwards[seen:]
        seen = len(record.forwards)
        if new:
            batch_statistics = any(forward.training for forward in new)
        if torch.is_grad_enabled():
            at_work = layer.training and layer.p == p
            features = inputs[0].detach().clone()
            batches.append(Batch(features, at_work, layer.p, batch_statistics, steps))

    def count_step(optimizer, args, kwargs):
        nonlocal steps
        steps += 1

    hook = dropout.register_forward_pre_hook(note_batch)
    step_hook = register_optimizer_step_post_hook(count_step)
    yield batches
    hook.remove()
    step_hook.remove()


def expect_batches(name: str, batches: list[Batch], known: torch.Tensor, epochs: int) -> None:
    """Raise Misconception unless the new head was trained on every image once in each epoch, with
    its Dropout, on features made with the stored statistics.

    `known` are these features of the images (count, C).
    """
    if not batches:
        raise wrong_result(
            f"{name}: expected that each training batch passes through model.new[0], the Dropout; "
            "none did"
        )
    count = len(known)
    at_work = [batch for batch in batches if batch.dropout_at_work]
    images = sum(batch.images for batch in batches)
    enough_without_dropout = _images(at_work) < count * epochs <= images
    if not at_work or (len(at_work) < len(batches) and enough_without_dropout):
        off = [batch for batch in batches if not batch.dropout_at_work]
        observed = (
            f"{name}: expected model.new[0], a Dropout, at work in every training batch; in "
            f"{len(off)} of {len(batches)} it was not"
        )
        if off[0].p != batches[-1].p or off[0].p == 0:
            raise wrong_result(f"{observed}: its p was {off[0].p}")
        raise Misconception("whole-model-eval", f"{observed}: it was in eval mode")
    own = [batch for batch in at_work if batch.batch_statistics]
    if own:
        raise Misconception(
            "batch-statistics-used",
            f"{name}: expected that the backbone's BatchNorms normalise with their running "
            f"statistics; {len(own)} of {len(at_work)} training batches were normalised with the "
            "batch's own mean and variance. In eval mode they use the stored "
            "ones, which make other features than those that the new head was trained on",
        )
    expected = f"{name}: expected {epochs} epochs of {count} images, {epochs * count} in all"
    if _images(at_work) < count * epochs:
        size = max(batch.images for batch in at_work)
        left_out = count % size
        why = ""
        by_epoch = torch.cat([batch.features for batch in at_work]).split(count - left_out)
        once = all(len(epoch.unique(dim=0)) == len(epoch) for epoch in by_epoch)
        if left_out and _images(at_work) == (count - left_out) * epochs and once:
            why = f". You leave out the last batch of each epoch, which has {left_out} images"
        raise wrong_result(f"{expected}; in training {_images(at_work)} reached the new head{why}")
    # an optimizer such as LBFGS may ask for one batch several times in a step
    first_of_step = {}
    for batch in at_work:
        first_of_step.setdefault(batch.steps, batch)
    if _images(list(first_of_step.values())) > count * epochs:
        raise wrong_result(f"{expected}; in training {_images(at_work)} reached the new head")
    if _images(at_work) == count * epochs:
        _expect_every_image_once(name, torch.cat([batch.features for batch in at_work]), known)


def _expect_every_image_once(name: str, features: torch.Tensor, known: torch.Tensor) -> None:
    """Raise Misconception unless each epoch of `features` (epochs * count, C) has all the `known`.

    Features that are none of these, such as those of augmented images, are not judged.
    """
    distances, places = torch.cdist(features.float(), known).min(1)  # (epochs * count,) each
    if not (distances <= 1e-2 * known.norm(dim=1)[places]).all():
        return
    for epoch, seen in enumerate(places.split(len(known)), 1):
        times = seen.bincount(minlength=len(known))
        if (times != 1).any():
            left_out = int((times == 0).sum())
            raise wrong_result(
                f"{name}: expected every image once in each epoch; in epoch {epoch} {left_out} of "
                f"{len(known)} images were left out, and one was used {int(times.max())} times"
            )


def _images(batches: list[Batch]) -> int:
    return sum(batch.images for batch in batches)


def expect_parameters_unmoved(
    name: str, model: nn.Module, before: State, moved: list[str], record: Record
) -> None:
    """Raise Misconception where a parameter outside the new head moved."""
    parameters = []
    for path, _ in model.named_parameters():
        if path in moved and not path.startswith("new."):
            parameters.append(path)
    if not parameters:
        return
    observed = f"{name}: {describe_moved(model, before, parameters)}, outside the new head"
    if all(path.startswith("old.") for path in parameters):
        raise wrong_result(f"{observed}. Expected that the old head stays")
    always_in_eval = record.forwards and not any(forward.training for forward in record.forwards)
    code = "eval-freezes-affine" if always_in_eval else "backbone-not-frozen"
    raise Misconception(code, observed)


def why_old_logits_changed(
    name: str,
    model: nn.Module,
    before: State,
    moved: list[str],
    record: Record,
    found: torch.Tensor,
    expected: torch.Tensor,
) -> Misconception:
    """Return the Misconception behind old logits (B, 5) that changed in eval mode."""
    if found.shape != expected.shape:
        return wrong_result(
            f"{name}: the old logits have shape {tuple(found.shape)}; expected "
            f"{tuple(expected.shape)}"
        )
    gap = largest_gap(found, expected)
    observed = (
        f"{name}: expected the same logits of the old head in eval mode; they changed by up to "
        f"{gap}"
    )
    outside = [path for path in moved if not path.startswith("new.")]
    if not outside:
        return wrong_result(f"{observed}, though every tensor of backbone and old head is the same")
    observed = f"{observed}. {describe_moved(model, before, outside)}"
    layers = dict(batchnorms(model))
    replaced = {path.rpartition(".")[0] for path in before if "running_mean" in path} - set(layers)
    if replaced and not any(isinstance(layer, nn.BatchNorm2d) for layer in layers.values()):
        return Misconception("only-batchnorm2d", observed)
    return Misconception(why_statistics_moved(model, outside, record), observed)
