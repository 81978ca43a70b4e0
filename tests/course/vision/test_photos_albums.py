"""A folder per class, or a table of labels, becomes an album; one bad file stops nothing."""

import math
import os
import unicodedata

import numpy as np
import pytest
import torch
from PIL import Image

from course.vision import photos

generator = np.random.default_rng(5)


def save(file, size=(60, 40), **options):
    """Write a photo that is like no other."""
    file.parent.mkdir(parents=True, exist_ok=True)
    coarse = generator.integers(0, 256, (8, 8, 3), dtype=np.uint8)
    Image.fromarray(coarse).resize(size, Image.Resampling.BICUBIC).save(file, **options)
    return file


def fails(error, words, call, *arguments, **more):
    """Expect one sentence that holds these words."""
    with pytest.raises(error, match=words) as raised:
        call(*arguments, **more)
    assert "\n" not in str(raised.value)


# --- a folder for each class


def test_an_odd_folder_is_read_and_each_odd_file_has_its_sentence(tmp_path):
    save(tmp_path / "cats" / "a cat.jpg")
    save(tmp_path / "cats" / "deep" / "deeper" / "B.JPG")
    save(tmp_path / "cats" / unicodedata.normalize("NFD", "Möhre.png"))
    save(tmp_path / "猫 dogs" / "犬.webp")
    save(tmp_path / "cats" / "grey.png").write_bytes(b"")
    save(tmp_path / "cats" / "grey.png")
    Image.open(tmp_path / "cats" / "grey.png").convert("L").save(tmp_path / "cats" / "grey.png")
    (tmp_path / "cats" / "notes.txt").write_text("which cat is which")
    (tmp_path / "cats" / "empty.jpg").write_bytes(b"")
    for hidden in (".DS_Store", "Thumbs.db", "._a cat.jpg", ".ipynb_checkpoints/x.jpg"):
        (tmp_path / "cats" / hidden).parent.mkdir(exist_ok=True)
        (tmp_path / "cats" / hidden).write_bytes(b"x")
    (tmp_path / "cats" / "link.jpg").symlink_to(tmp_path / "cats" / "a cat.jpg")
    (tmp_path / "cats" / "broken.jpg").symlink_to(tmp_path / "cats" / "gone.jpg")
    (tmp_path / "cats" / "loop").symlink_to(tmp_path)
    (tmp_path / "linked").symlink_to(
        save(tmp_path.parent / f"{tmp_path.name}-birds" / "c.png").parent
    )
    (tmp_path / "empty class").mkdir()
    save(tmp_path / "loose.jpg")
    album = photos.read_folder(tmp_path)
    assert album.classes == {"class": ["cats", "linked", "猫 dogs"]}
    assert album.counts("class") == {"cats": 4, "linked": 1, "猫 dogs": 1}
    assert set(album.names) == {
        "cats/a cat.jpg",
        "cats/deep/deeper/B.JPG",
        "cats/Möhre.png",
        "cats/grey.png",
        "linked/c.png",
        "猫 dogs/犬.webp",
    }
    said = {
        "cats/grey.png": "was converted: grey",
        "cats/notes.txt": "skipped: expected a photo, got a file of another kind",
        "cats/empty.jpg": "skipped: the file is empty",
        "cats/link.jpg": "skipped: it is a link to cats/a cat.jpg",
        "cats/broken.jpg": "skipped: the link leads to",
        "empty class": "holds no photo that can be read",
        "loose.jpg": "skipped: it lies in no class folder",
    }
    assert len(album.problems) == len(said)
    for name, words in said.items():
        (sentence,) = [line for line in album.problems if line.startswith(name + " ")]
        assert words in sentence
    assert "6 photos" in repr(album) and "problems: 7" in repr(album)
    assert album.images(32).shape == (6, 3, 32, 32)


def test_many_files_with_the_same_change_share_a_sentence(tmp_path):
    for number in range(8):
        save(tmp_path / "cats" / f"{number}.jpg")
        file = save(tmp_path / "dogs" / f"{number}.png")
        Image.open(file).convert("L").save(file)
        (tmp_path / "cats" / f"{number}.txt").write_text("no photo")
    skipped, converted = photos.read_folder(tmp_path).problems
    assert skipped.startswith("cats/0.txt, cats/1.txt, cats/2.txt and 5 others were skipped: exp")
    assert converted.startswith("dogs/0.png, dogs/1.png, dogs/2.png and 5 others were converted: g")


def test_one_class_and_the_same_file_in_two(tmp_path):
    save(tmp_path / "cats" / "a.jpg")
    album = photos.read_folder(tmp_path)
    assert len(album) == 1
    assert album.problems == ["cats is the only class: a classifier needs two or more."]
    (tmp_path / "dogs").mkdir()
    (tmp_path / "dogs" / "b.jpg").write_bytes((tmp_path / "cats" / "a.jpg").read_bytes())
    (problem,) = photos.read_folder(tmp_path).problems
    assert problem.startswith("dogs/b.jpg is the same file as cats/a.jpg in another class")


def test_folders_that_cannot_be_read_say_what_to_do(tmp_path):
    fails(FileNotFoundError, "no folder .*nowhere", photos.read_folder, tmp_path / "nowhere")
    fails(ValueError, "a folder for each class", photos.read_folder, tmp_path)
    file = save(tmp_path / "a.jpg")
    fails(NotADirectoryError, "got the file .*read_csv", photos.read_folder, file)
    fails(
        ValueError,
        "a.jpg was skipped: it lies in no class folder. Make a folder",
        photos.read_folder,
        tmp_path,
    )
    (tmp_path / "cats").mkdir()
    (tmp_path / "cats" / "a.jpg").write_text("no photo")
    fails(ValueError, "none of 1 files can be read.*another kind", photos.read_folder, tmp_path)
    for name in ("train/cats/a.jpg", "val/cats/b.jpg"):
        save(tmp_path / "sets" / name)
    fails(ValueError, r'got sets.*read_folder\(".*train"\)', photos.read_folder, tmp_path / "sets")


def test_a_file_that_may_not_be_read_is_skipped(tmp_path, monkeypatch):
    save(tmp_path / "cats" / "a.jpg")
    save(tmp_path / "dogs" / "b.jpg")
    read = type(tmp_path).read_bytes

    def refuse(path):
        if path.name == "b.jpg":
            raise PermissionError(13, "Permission denied")
        return read(path)

    monkeypatch.setattr(type(tmp_path), "read_bytes", refuse)
    assert any("Permission denied" in line for line in photos.read_folder(tmp_path).problems)


# --- a table


@pytest.fixture
def shots(tmp_path):
    """Four photos in a folder."""
    for name in ("a.jpg", "b b.jpg", "c.JPG", "dé.png"):
        save(tmp_path / "shots" / name)
    return tmp_path


def table(folder, text, encoding="utf-8"):
    """Write labels.csv."""
    (folder / "labels.csv").write_bytes(text.encode(encoding))
    return folder / "labels.csv"


def test_a_table_with_several_tasks_and_missing_labels(shots):
    text = (
        "file,animal,indoors,age,weight\n"
        "a.jpg,cat,1.0,3,2.5\n"
        "b b.jpg,,0.0,,\n"
        '"c.JPG",dog,,10,4\n'
        "gone.jpg,dog,1.0,1,1\n"
        "dé.png\n"
    )
    album = photos.read_csv(table(shots, text), images=shots / "shots", values=["age"])
    assert album.names == ("a.jpg", "b b.jpg", "c.JPG", "dé.png")
    assert album.classes == {"animal": ["cat", "dog"], "indoors": ["0", "1"]}
    assert album.labels["animal"].tolist() == [0, -1, 1, -1]
    assert album.labels["indoors"].tolist() == [1, 0, -1, -1]
    assert album.labels["indoors"].dtype == torch.int64
    assert album.values["age"][[0, 2]].tolist() == [3, 10]
    assert album.values["weight"].isnan().tolist() == [False, True, False, True]
    assert album.values["weight"].dtype == torch.float32
    assert album.tasks == ["animal", "indoors", "age", "weight"]
    (problem,) = album.problems
    assert problem.startswith("gone.jpg was skipped: labels.csv, line 5,")
    assert "2 without a label" in repr(album) and "from 3 to 10" in repr(album)


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "cp1252"])
def test_a_table_from_a_spreadsheet(shots, encoding):
    text = "Datei;Tier;Größe\r\na.jpg;Hund;1,5\r\nb b.jpg;Kätzchen;2\r\n"
    album = photos.read_csv(table(shots, text, encoding), images=shots / "shots")
    assert album.classes == {"Tier": ["Hund", "Kätzchen"]}
    assert album.values["Größe"].tolist() == [1.5, 2]
    assert any("not UTF-8" in line for line in album.problems) == (encoding == "cp1252")


def test_names_are_found_without_ending_in_another_case_or_with_backslashes(shots):
    text = "file\tclass\na\t1\nC.jpg\t2\nshots\\b b.jpg\t10\nDÉ.PNG\t2\n"
    album = photos.read_csv(table(shots, text), images=shots)  # the folder above
    assert len(album) == 1  # "a" and the others lie deeper, so their names do not match
    album = photos.read_csv(table(shots, text.replace("shots\\", "")), images=shots / "shots")
    assert len(album) == 4
    assert album.classes == {"class": ["1", "2", "10"]}


def test_rows_that_are_there_twice(shots):
    text = "file,class,place\na.jpg,cat,\na.jpg,,home\nb b.jpg,cat,\nb b.jpg,dog,x\nc.JPG,dog,\n"
    album = photos.read_csv(table(shots, text), images=shots / "shots")
    assert album.labels["class"].tolist() == [0, -1, 1]
    assert album.labels["place"].tolist() == [0, 1, -1]
    assert "a.jpg is in lines 2 and 3 of labels.csv: it was used once." in album.problems
    assert any("two labels for class, cat and dog" in line for line in album.problems)


def test_odd_rows_and_classes_are_told(shots):
    text = "file,class\na.jpg,cat\n,dog\nb b.jpg,dog,brown\nc.JPG,Cat\n\ndé.png,dog\n"
    album = photos.read_csv(table(shots, text), images=shots / "shots")
    assert len(album) == 3
    told = "\n".join(album.problems)
    for words in ("line 3 was skipped: it names no", "expected 2 cells, got 3", "Cat and cat are"):
        assert words in told


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "a first line that names the columns"),
        ("file\na.jpg\n", "files first and then labels"),
        ("file,class\n", "a row for each photo"),
        (",file,class\n0,a.jpg,cat\n", "index=False"),
        ("file,class,class\na.jpg,x,y\n", "'class' twice"),
        ("id,class\nphoto-17,cat\n", "none of the 1 files .*'photo-17'"),
        ("PK\x03\x04", "Excel or zip"),
    ],
)
def test_tables_that_cannot_be_read_say_what_to_do(shots, text, words):
    fails(ValueError, words, photos.read_csv, table(shots, text), images=shots / "shots")


def test_wrong_paths_and_columns_of_a_table(shots):
    file = table(shots, "file,class\na.jpg,cat\n")
    fails(FileNotFoundError, "no file .*none.csv", photos.read_csv, shots / "none.csv")
    fails(FileNotFoundError, "no folder .*none", photos.read_csv, file, images=shots / "none")
    fails(ValueError, "read_folder", photos.read_csv, shots)
    fails(ValueError, "none of the 1 files", photos.read_csv, file)  # beside the table are none
    fails(ValueError, "column 'age', got class", photos.read_csv, file, shots / "shots", ["age"])
    fails(
        ValueError, "numbers in column 'class'", photos.read_csv, file, shots / "shots", ["class"]
    )


# --- subsets


def test_a_subset_takes_indices_and_masks(shots):
    file = table(shots, "file,class,size\na.jpg,cat,1.5\nb b.jpg,dog,2\nc.JPG,,\n")
    album = photos.read_csv(file, images=shots / "shots")
    for chosen in ([2, 0], torch.tensor([2, 0])):
        subset = album.subset(chosen)
        assert subset.names == ("c.JPG", "a.jpg")
        assert subset.labels["class"].tolist() == [-1, 0]
        assert math.isnan(subset.values["size"][0])
    assert album.subset(album.labels["class"] == 1).names == ("b b.jpg",)
    assert len(album.subset([])) == 0
    fails(IndexError, "indices below 3, got 3", album.subset, [1, 3])
    assert album.photo(0).size == (60, 40)
    os.remove(album.files[1])
    fails(photos.PhotoError, "b b.jpg: there is no such file", album.photo, 1)
