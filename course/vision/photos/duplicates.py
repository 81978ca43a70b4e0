"""Near-duplicates: photos that show the same, and would leak from one set into another."""

from collections.abc import Sequence

import numpy as np

from course.vision.photos.album import Album, expect_album

# Correlation of two photos' edges. Copies have more, also as a bad JPEG; 300 drawn fruits less:
# tests/course/vision/test_photos_splitting.py.
ALIKE = 0.9
FLAT = 1.0  # grey levels: with weaker edges than this, on average, the mean colour decides
ROWS = 1000  # photos that are compared with all others at once


def near_duplicates(album: Album) -> list[list[int]]:
    """Return groups of photos that show the same: each a list of two or more indices.

    Two photos belong together if one is a copy of the other in another size, file type, quality,
    brightness or contrast, or its mirror image; and so do two shots of a burst. A copy that shows
    only a part of the other is not found.

    How: each photo in grey and in 16 x 16 pixels; the differences of neighbouring pixels (its
    edges); two photos are alike if these differences correlate by 0.9 or more. Edges separate
    better than brightness, because many photos are bright above and dark below.
    """
    expect_album(album)
    joined = Groups(len(album))
    for first, second in _alike(album):
        joined.join(first, second)
    return [members for members in joined.members() if len(members) > 1]


class Groups:
    """Things 0 to count - 1, each at first in a group of its own; groups can be joined."""

    def __init__(self, count: int) -> None:
        self.parent = list(range(count))

    def find(self, thing: int) -> int:
        """Return the thing that stands for the whole group."""
        while self.parent[thing] != thing:
            self.parent[thing] = self.parent[self.parent[thing]]
            thing = self.parent[thing]
        return thing

    def join(self, first: int, second: int) -> None:
        """Make one group of those of two things; the least thing stands for it."""
        low, high = sorted((self.find(first), self.find(second)))
        self.parent[high] = low

    def members(self) -> list[list[int]]:
        """Return the groups in the order of their least things."""
        groups: dict[int, list[int]] = {}
        for thing in range(len(self.parent)):
            groups.setdefault(self.find(thing), []).append(thing)
        return list(groups.values())


def _alike(album: Album) -> list[tuple[int, int]]:
    """Return the pairs of photos that are near-duplicates."""
    if not len(album):
        return []
    sketches = np.stack([scan.sketch for scan in album.scans])  # (N, 16, 16)
    edges, flat = _edges(sketches)
    mirrored, _ = _edges(sketches[:, :, ::-1])
    pairs: list[tuple[int, int]] = []
    for start in range(0, len(edges), ROWS):
        rows = edges[start : start + ROWS]
        likeness = np.maximum(rows @ edges.T, rows @ mirrored.T)  # (up to ROWS, N)
        for row, column in np.argwhere(likeness >= ALIKE):
            if start + row < column:
                pairs.append((int(start + row), int(column)))
    return pairs + _same_colour(album, np.flatnonzero(flat))


def _edges(sketches: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the edges of photos, of length 1 or 0, (N, 450); and which photos have none, (N,)."""
    across = np.diff(sketches, axis=2)[:, :-1]  # (N, 15, 15)
    down = np.diff(sketches, axis=1)[:, :, :-1]
    edges = np.concatenate([across, down], axis=1).reshape(len(sketches), -1)
    length = np.linalg.norm(edges, axis=1, keepdims=True)
    flat = length[:, 0] < FLAT * np.sqrt(edges.shape[1])
    edges = np.where(flat[:, None], 0, edges / np.maximum(length, 1e-9))
    return edges, flat


def _same_colour(album: Album, flat: Sequence[int]) -> list[tuple[int, int]]:
    """Return the pairs of photos without edges that have the same colour, or nearly."""
    pairs = []
    colours = np.array([album.scans[index].colour for index in flat], dtype=np.int64)
    for place, index in enumerate(flat):
        apart = np.abs(colours[place + 1 :] - colours[place]).max(axis=1, initial=0)
        pairs += [(int(index), int(flat[place + 1 + near])) for near in np.flatnonzero(apart <= 3)]
    return pairs
