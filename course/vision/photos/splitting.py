"""An album becomes a training, a validation and a test set that share nothing."""

import random
from collections.abc import Hashable, Iterable, Sequence

import torch

from course.vision.photos.album import Album, expect_album
from course.vision.photos.duplicates import Groups, near_duplicates

SET_NAMES = {2: ["training", "test"], 3: ["training", "validation", "test"]}
TIE = 1e-3  # the weight of a set's size beside its classes: it decides between equals


def split(
    album: Album,
    shares: Sequence[float] = (0.6, 0.2, 0.2),
    groups: Sequence[Hashable] | str | None = None,
    seed: int = 0,
) -> list[Album]:
    """Return one album for each share, and print how many photos each has.

    Near-duplicates stay in one set, because a copy of a training photo in the test set makes the
    score too good. For the same reason so do the photos of a group, which is a person, a place or
    a day. Each class is shared out as evenly as that allows.

    shares: numbers above 0 that add up to 1.
    groups: one value for each photo (None: no group), or the name of a task of the album.

    Raises ValueError for other shares or groups, and where there are fewer photos than sets.
    """
    expect_album(album)
    _expect_shares(shares)
    units, together = _units(album, groups)
    _expect_enough(units, shares, album)
    tasks = [task for task in album.classes if task != groups]
    sets = _share_out(units, _class_columns(album, tasks), shares, random.Random(seed))
    names = SET_NAMES.get(len(sets)) or [f"set {number}" for number in range(1, len(sets) + 1)]
    _report(album, tasks, names, sets, together)
    return [album.subset(sorted(indices)) for indices in sets]


def _expect_shares(shares: Sequence[float]) -> None:
    listed = list(shares) if isinstance(shares, Iterable) else []
    if not listed or any(share <= 0 for share in listed) or abs(sum(listed) - 1) > 1e-6:
        raise ValueError(
            f"expected shares above 0 that add up to 1, such as (0.6, 0.2, 0.2), got {shares}."
        )


def _units(album: Album, groups: Sequence[Hashable] | str | None) -> tuple[list[list[int]], int]:
    """Return lists of photos that stay together, and how many are in one with others."""
    joined = Groups(len(album))
    for members in near_duplicates(album):
        for other in members[1:]:
            joined.join(members[0], other)
    first_of: dict[Hashable, int] = {}
    for index, group in enumerate(_group_values(album, groups)):
        if group is not None:
            joined.join(first_of.setdefault(group, index), index)
    units = joined.members()
    return units, sum(len(unit) for unit in units if len(unit) > 1)


def _group_values(
    album: Album, groups: Sequence[Hashable] | str | None
) -> Sequence[Hashable | None]:
    """Return the group of each photo, None for a photo that has none."""
    if groups is None:
        return [None] * len(album)
    if isinstance(groups, str):
        if groups not in album.labels:
            raise ValueError(
                f"expected groups to be one of {', '.join(album.classes)}, got {groups!r}."
            )
        return [label if label >= 0 else None for label in album.labels[groups].tolist()]
    if not hasattr(groups, "__len__") or len(groups) != len(album):
        got = f"{len(groups)} groups" if hasattr(groups, "__len__") else type(groups).__name__
        raise ValueError(f"expected a group for each of {len(album)} photos, got {got}.")
    return groups.tolist() if hasattr(groups, "tolist") else list(groups)


def _expect_enough(units: Sequence[Sequence[int]], shares: Sequence[float], album: Album) -> None:
    if len(units) < len(shares):
        raise ValueError(
            f"expected at least {len(shares)} photos or groups for {len(shares)} sets, "
            f"got {len(units)}: the {len(album)} photos are near-duplicates or of one group."
        )


def _class_columns(album: Album, tasks: Sequence[str]) -> torch.Tensor:
    """Return which class of which task each photo has, 0 or 1, and a last column of ones."""
    columns = []
    for task in tasks:
        classes = torch.arange(len(album.classes[task]))
        columns.append((album.labels[task][:, None] == classes).float())  # (N, classes)
    return torch.cat([*columns, torch.ones(len(album), 1)], dim=1)


def _share_out(
    units: Sequence[Sequence[int]],
    columns: torch.Tensor,
    shares: Sequence[float],
    generator: random.Random,
) -> list[list[int]]:
    """Return the photos of each set, at least one unit in each.

    The units with the rarest classes come first, as in Sechidis, Tsoumakas and Vlahavas (2011), and
    the large ones before the small. Each goes where the sum over sets and classes of
    missing² / share becomes least: `missing` is how many photos a set still lacks of a class.
    """
    totals = columns.sum(0).clamp(min=1)  # (columns,)
    weights = 1 / totals
    weights[-1] *= TIE
    share = torch.tensor(shares)[:, None]  # (sets, 1)
    missing = share * totals  # (sets, columns)
    held = [columns[list(unit)].sum(0) for unit in units]  # photos of a unit by column
    rarest = [float(totals[own > 0].min()) for own in held]
    order = list(range(len(units)))
    generator.shuffle(order)
    order.sort(key=lambda unit: (rarest[unit], -len(units[unit])))
    sets: list[list[int]] = [[] for _ in shares]  # of units
    for unit in order:
        gain = (weights * held[unit] * (2 * missing - held[unit]) / share).sum(1)  # (sets,)
        best = int(gain.argmax())
        sets[best].append(unit)
        missing[best] -= held[unit]
    for chosen in sets:
        if not chosen:  # few units: the last one of the fullest set
            chosen.append(max(sets, key=len).pop())
    return [[index for unit in chosen for index in units[unit]] for chosen in sets]


def _report(
    album: Album,
    tasks: Sequence[str],
    names: Sequence[str],
    sets: Sequence[Sequence[int]],
    together: int,
) -> None:
    """Print how many photos each set has, and which classes are in only some of the sets."""
    sizes = ", ".join(f"{name} {len(photos)}" for name, photos in zip(names, sets))
    print(f"{len(album)} photos: {sizes}.")
    if together:
        print(f"{together} of them are near-duplicates or in groups, and each stayed with its own.")
    for task in tasks:
        labels = album.labels[task]
        for number, label in enumerate(album.classes[task]):
            lacking = [
                name for name, photos in zip(names, sets) if not (labels[photos] == number).any()
            ]
            if lacking:
                print(
                    f"{task} {label} has {int((labels == number).sum())} photos, and none of them "
                    f"is in: {', '.join(lacking)}. A score there says nothing about this class."
                )
