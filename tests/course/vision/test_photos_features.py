"""Features are computed once, batches come from workers, and a new photo is named."""

import multiprocessing
import pickle

import numpy as np
import pytest
import torch
from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.capture import capture_output
from PIL import Image
from torch import nn
from torchvision.transforms import v2

from course.notebook import waiting
from course.vision import photos
from course.vision.photos import extracting, loading
from course.vision.photos.transforms import is_random, key_of

PLAIN = v2.Compose([v2.ToImage(), v2.Resize((24, 24)), v2.ToDtype(torch.float32, scale=True)])


of_its_own = np.random.default_rng()  # a generator that nobody else knows


class Means(nn.Module):
    """Two features, so many times the mean of red and green; `seen` lists the sizes of batches."""

    def __init__(self, factor=1.0):
        super().__init__()
        self.factor = nn.Parameter(torch.tensor([factor, factor]))
        self.dropout = nn.Dropout(0.5)
        self.seen = []

    def forward(self, images):
        self.seen.append(len(images))
        return self.dropout(images.mean((2, 3))[:, :2] * self.factor)

    def __deepcopy__(self, memo):  # the copy that computes tells it here
        copy = Means()
        copy.load_state_dict(self.state_dict())
        copy.seen = self.seen
        return copy


@pytest.fixture
def backbone():
    return photos.Backbone("means", Means(), 2, PLAIN, v2.Compose([v2.RandomCrop(8), PLAIN]))


@pytest.fixture
def album(tmp_path):
    """Six photos of three classes: more red, more green, or both."""
    for number, colour in enumerate([(200, 10, 9), (10, 200, 9), (200, 200, 9)] * 2):
        for_class = tmp_path / "shots" / ("red", "green", "yellow")[number % 3]
        for_class.mkdir(parents=True, exist_ok=True)
        noise = np.random.default_rng(number).integers(0, 50, (30, 40, 3))
        pixels = (np.array(colour) + noise).astype(np.uint8)
        Image.fromarray(pixels).save(for_class / f"{number}.png")
    return photos.read_folder(tmp_path / "shots")


# --- features


def test_features_are_those_of_the_model_and_computed_once(tmp_path, album, backbone):
    backbone.model.train()  # the dropout must not matter
    rows = photos.features(backbone, album, cache=tmp_path, batch_size=4)
    assert backbone.model.training
    expected = torch.stack([PLAIN(album.photo(index)).mean((1, 2))[:2] for index in range(6)])
    assert torch.allclose(rows, expected, atol=1e-6)
    assert rows.dtype == torch.float32 and not rows.requires_grad
    assert backbone.model.seen == [4, 2]
    again = photos.features(backbone, album.subset([5, 0]), cache=tmp_path)
    assert torch.equal(again, rows[[5, 0]]) and backbone.model.seen == [4, 2]


def test_only_what_is_new_is_computed(tmp_path, album, backbone):
    photos.features(backbone, album.subset([0, 1]), cache=tmp_path)
    rows = photos.features(backbone, album, cache=tmp_path, batch_size=1)
    assert backbone.model.seen == [2, 1, 1, 1, 1]
    Image.new("RGB", (30, 30), "red").save(album.files[0])  # another photo of the same name
    changed = photos.features(backbone, album, cache=tmp_path)
    assert backbone.model.seen == [2, 1, 1, 1, 1, 1]
    assert torch.equal(changed[1:], rows[1:]) and torch.allclose(changed[0], torch.tensor([1.0, 0]))
    album.files[1].rename(album.files[1].with_name("renamed.png"))
    moved = photos.read_folder(album.files[0].parent.parent)
    photos.features(backbone, moved, cache=tmp_path)
    assert len(backbone.model.seen) == 6  # a name does not matter


def test_other_weights_and_transforms_are_not_mixed_up(tmp_path, album, backbone):
    def dim(image):
        return image / 2

    def dimmer(image):
        return image / 4

    rows = photos.features(backbone, album, cache=tmp_path)
    for function, factor in ((dim, 0.5), (dimmer, 0.25)):  # as text they are the same
        transform = v2.Compose([PLAIN, v2.Lambda(function)])
        found = photos.features(backbone, album, transform, cache=tmp_path)
        assert torch.allclose(found, rows * factor, atol=1e-5)
    with torch.no_grad():
        backbone.model.factor.mul_(3)
    assert torch.allclose(photos.features(backbone, album, cache=tmp_path), rows * 3, atol=1e-5)


def test_random_transforms_are_not_kept_and_a_sentence_says_why(tmp_path, album, backbone, capsys):
    torch.manual_seed(0)
    first = photos.features(backbone, album, backbone.train_transform, cache=tmp_path / "kept")
    second = photos.features(backbone, album, backbone.train_transform, cache=tmp_path / "kept")
    assert not torch.equal(first, second)
    assert not (tmp_path / "kept").exists()
    assert "not kept on disk, because the transform is random" in capsys.readouterr().out


def test_a_damaged_or_forbidden_cache_stops_nothing(tmp_path, album, backbone, capsys):
    rows = photos.features(backbone, album, cache=tmp_path)
    (file,) = tmp_path.glob("*.safetensors")
    file.write_bytes(file.read_bytes()[:50])
    assert torch.equal(photos.features(backbone, album, cache=tmp_path), rows)
    assert len(backbone.model.seen) == 2
    (tmp_path / "a file").write_text("")
    assert torch.equal(photos.features(backbone, album, cache=tmp_path / "a file"), rows)
    assert "The features were not kept on disk" in capsys.readouterr().out


def test_no_photo_and_one_photo(tmp_path, album, backbone):
    assert photos.features(backbone, album.subset([]), cache=tmp_path).shape == (0, 2)
    assert photos.features(backbone, album.subset([3]), cache=tmp_path).shape == (1, 2)


def test_where_the_accelerator_fails_the_cpu_computes(tmp_path, album, backbone, monkeypatch):
    """The device "meta" takes the model and cannot give numbers back."""
    monkeypatch.setattr(extracting, "accelerator", lambda: torch.device("meta"))
    rows = photos.features(backbone, album, cache=tmp_path)
    monkeypatch.undo()
    torch.testing.assert_close(rows, photos.features(backbone, album, cache=tmp_path / "other"))


def test_bfloat16_is_used_on_cuda_alone(monkeypatch):
    layer = nn.Linear(4, 4)
    for device in ("cpu", "mps"):
        with photos.autocast(torch.device(device)):
            assert layer(torch.ones(1, 4)).dtype == torch.float32
    monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda including_emulation: True)
    assert loading.uses_bfloat16(torch.device("cuda"))
    monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda including_emulation: False)
    assert not loading.uses_bfloat16(torch.device("cuda"))  # an old GPU


@pytest.mark.parametrize(
    ("step", "expected"),
    [
        (v2.CenterCrop(20), False),
        (v2.Lambda(lambda image: image * 2), False),
        (v2.RandomHorizontalFlip(0.01), True),
        (v2.ColorJitter(0.2), True),
        (v2.RandomErasing(0.01), True),
        (v2.GaussianBlur(3), True),
        (v2.Lambda(lambda image: image + np.random.rand()), True),
        (v2.Lambda(lambda image: image + of_its_own.random()), True),
    ],
)
def test_what_is_random_is_found_out_by_running_it(step, expected):
    torch.manual_seed(7)
    next_number = torch.rand(1)
    torch.manual_seed(7)
    assert is_random(v2.Compose([PLAIN, step])) == expected
    assert torch.rand(1) == next_number  # and the caller's random numbers stay the same


def test_equal_transforms_have_equal_keys():
    again = v2.Compose([v2.ToImage(), v2.Resize((24, 24)), v2.ToDtype(torch.float32, scale=True)])
    other = v2.Compose([v2.ToImage(), v2.Resize((24, 25)), v2.ToDtype(torch.float32, scale=True)])
    assert key_of(PLAIN) == key_of(again) != key_of(other)


# --- batches


@pytest.mark.parametrize("workers", [0, 2])
def test_a_loader_gives_each_photo_once_in_each_epoch(album, workers):
    batches = photos.loader(album, PLAIN, batch_size=4, workers=workers, shuffle=True)
    assert len(batches) == 2
    for _ in range(2):
        found = list(batches)
        assert [tuple(images.shape) for images, _ in found] == [(4, 3, 24, 24), (2, 3, 24, 24)]
        labels = torch.cat([targets["class"] for _, targets in found])
        assert sorted(labels.tolist()) == [0, 0, 1, 1, 2, 2]
        reds = torch.cat([images[:, 0].mean((1, 2)) for images, _ in found])
        assert ((reds > 0.5) == (labels > 0)).all()  # green comes first in the alphabet


def test_transforms_that_do_not_fit_say_what_to_add(album):
    same_shape = v2.Compose([v2.ToImage(), v2.ToDtype(torch.float32, scale=True)])
    for transform, words in (
        (v2.Resize(20), r"got Image\. Begin it with v2\.ToImage"),
        (v2.ToImage(), "got torch.uint8"),
        (v2.Normalize([0.5], [0.5]), r"put v2\.ToImage\(\) before it"),
    ):
        with pytest.raises(TypeError, match=words):
            photos.loader(album, transform)
    Image.effect_noise((20, 70), 9).save(album.files[0])
    for workers in (0, 1):
        with pytest.raises(ValueError, match=r"^expected .* same size, got .*Add v2\.CenterCrop"):
            list(photos.loader(album, same_shape, workers=workers))
    with pytest.raises(TypeError, match=r"such as backbone\.transform, got NoneType"):
        photos.loader(album, None)
    with pytest.raises(ValueError, match="an album with photos"):
        photos.loader(album.subset([]), PLAIN)


def test_workers_that_start_afresh_need_a_transform_that_can_be_sent(album, monkeypatch):
    monkeypatch.setattr(multiprocessing, "get_start_method", lambda: "spawn")
    photos.loader(album, PLAIN, workers=1)
    with pytest.raises(TypeError, match="into a module, or use workers=0"):
        photos.loader(album, v2.Compose([PLAIN, v2.Lambda(lambda image: image)]), workers=1)
    assert pickle.loads(pickle.dumps(photos.loader(album, PLAIN).dataset))[0][0].shape == (
        3,
        24,
        24,
    )


@pytest.mark.parametrize("workers", [0, 1])
def test_a_file_that_has_gone_is_named(album, workers):
    album.files[2].unlink()
    words = f"{album.files[2].name}: there is no such file. Check its name and folder.$"
    with pytest.raises(photos.PhotoError, match=words):
        list(photos.loader(album, PLAIN, workers=workers))


# --- prediction


def test_a_probe_leaves_missing_labels_out_and_learns_values(
    tmp_path, album, backbone, monkeypatch
):
    monkeypatch.setattr(torch.hub, "_hub_dir", str(tmp_path / "cache"))
    lines = ["file,colour,warm,redness"]
    for name, label in zip(album.names, album.labels["class"].tolist()):
        colour = album.classes["class"][label]
        warm = "" if colour == "green" else "yes"
        lines.append(f"{name},{colour},{warm if colour != 'yellow' else 'no'},{label > 0:d}.5")
    (tmp_path / "labels.csv").write_text("\n".join(lines).replace("1.5", "1.25"))
    mixed = photos.read_csv(tmp_path / "labels.csv", images=tmp_path / "shots")
    model = photos.probe(backbone, mixed)
    said = photos.predict(model, PLAIN, mixed.files[2])
    assert mixed.names[2].startswith("red/")
    assert list(said) == ["colour", "warm", "redness"]
    assert max(said["colour"], key=said["colour"].get) == "red" and list(said["warm"]) == [
        "yes",
        "no",
    ]
    assert abs(sum(said["colour"].values()) - 1) < 1e-6
    assert abs(said["redness"] - 1.25) < 0.2
    assert abs(photos.predict(model, PLAIN, mixed.files[0])["redness"] - 0.5) < 0.2


def test_a_prediction_is_the_model_s_in_eval_mode(album):
    model = nn.Sequential(nn.Flatten(), nn.LazyLinear(2), nn.BatchNorm1d(2), nn.Dropout(0.5))
    model.eval()(torch.zeros(2, 3, 24, 24))
    model.train()
    model[0].eval()  # one module on its own
    said = photos.predict(model, PLAIN, album.files[0], ["no", "yes"])
    assert [module.training for module in model] == [False, True, True, True]
    model.eval()
    with torch.no_grad():
        expected = model(PLAIN(album.photo(0))[None]).softmax(1)[0]
    assert said == pytest.approx({"no": float(expected[0]), "yes": float(expected[1])})
    assert list(said.values()) == sorted(said.values(), reverse=True)
    named = photos.predict(model.double(), PLAIN, album.files[0], {"class": ["no", "yes"]})
    assert named["class"] == pytest.approx(said, abs=1e-5)


def test_predictions_that_cannot_be_made_say_why(tmp_path, album):
    model = nn.Sequential(nn.Flatten(), nn.Linear(3 * 24 * 24, 2))
    for classes, words in (
        (None, "names of the classes"),
        (["a", "b", "c"], r"expected logits \(1, 3\).*got \(1, 2\)"),
        ({"a": ["x", "y"], "b": ["x", "y"]}, "outputs for a, b"),
    ):
        with pytest.raises(ValueError, match=words):
            photos.predict(model, PLAIN, album.files[0], classes)
    (tmp_path / "broken.jpg").write_bytes(b"\xff\xd8\xff")
    with pytest.raises(photos.PhotoError, match=r"broken\.jpg: .*(kind|damaged)"):
        photos.predict(model, PLAIN, tmp_path / "broken.jpg", ["a", "b"])


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda one: photos.split("my photos"), "an album, .* got str"),
        (lambda one: photos.near_duplicates(None), "an album, .* got NoneType"),
        (lambda one: photos.loader("my photos", PLAIN), "an album, .* got str"),
        (lambda one: photos.features(one, "my photos"), "an album, .* got str"),
        (lambda one: photos.features(one.model, None), "a backbone, .* got Means"),
        (lambda one: photos.predict(one, PLAIN, "a.jpg"), "a model that .* got Backbone"),
    ],
)
def test_arguments_of_another_kind(call, words, backbone):
    with pytest.raises(TypeError, match=words):
        call(backbone)


def test_a_notebook_shows_how_far_a_long_epoch_is(album, monkeypatch):
    InteractiveShell.instance()
    monkeypatch.setattr(waiting, "SECONDS", -1)
    try:
        with capture_output() as captured:
            list(photos.loader(album, PLAIN, batch_size=2))
    finally:
        InteractiveShell.clear_instance()
    assert captured.outputs[-1].data == {"text/plain": "3 of 3 batches"}
