"""Collecting: what Canvas, Moodle, zip_collect, the exchange and people give, good and bad."""

import io
import logging
import os
import stat
import struct
import zipfile
from pathlib import Path

import nbformat
import pytest
import traitlets.log

from classroom import CONFIG, LESSON, answered, hand_in
from nbjudge.collect.into_course import EARLIER, collect
from nbjudge.coursedir.roster import read_roster, students_in
from nbjudge.coursedir.settings import read_settings
from nbjudge.errors import CourseError

NOTEBOOK = nbformat.writes(answered()).encode()
OTHER = nbformat.writes(answered(add="def add(x, y):\n    return 0")).encode()
FILE = f"{LESSON}.ipynb"


def make_zip(path, files, compression=zipfile.ZIP_STORED):
    """Write a zip of {name or ZipInfo: bytes}."""
    with zipfile.ZipFile(path, "w", compression) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return path


def zipped(files, compression=zipfile.ZIP_STORED):
    return make_zip(io.BytesIO(), files, compression).getvalue()


def make_folder(folder, files):
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    return folder


def collected(course, *places, **options):
    """(what a collecting came to, {path in submitted/: bytes})"""
    result = collect(read_settings(course), LESSON, places, **options)
    submitted = course / "submitted"
    files = {
        path.relative_to(submitted).as_posix(): path.read_bytes()
        for path in submitted.rglob("*")
        if path.is_file()
    }
    return result, files


def said(result):
    return "\n".join(map(str, result.findings))


# ---- platforms -------------------------------------------------------------------------------


def test_canvas_gives_each_learners_files_and_the_newest_upload_counts(course, tmp_path):
    place = make_zip(
        tmp_path / "submissions.zip",
        {
            f"onelearner_101_900_{LESSON}.ipynb": OTHER,
            f"onelearner_101_905_{LESSON}-1.ipynb": NOTEBOOK,
            "onelearner_101_906_data.csv": b"1,2",
            f"twolearner_LATE_102_901_{LESSON} (1).ipynb": NOTEBOOK,
            f"LATE_anon_x1Y2z_903_{LESSON}.ipynb": NOTEBOOK,
            "typed_104_text.html": b"<p>I forgot</p>",
        },
    )
    result, files = collected(course, place)
    assert files == {
        f"101/{LESSON}/{FILE}": NOTEBOOK,
        f"101/{LESSON}/data.csv": b"1,2",
        f"102/{LESSON}/{FILE}": NOTEBOOK,
        f"104/{LESSON}/text.html": b"<p>I forgot</p>",
        f"anon_x1Y2z/{LESSON}/{FILE}": NOTEBOOK,
    }
    assert result.clean and result.layouts == [f"{place}: Canvas, 4 learners"]
    assert f"_905_{LESSON}-1.ipynb counts, as the newest; {place}: onelearner_101_900" in said(
        result
    )
    assert "Canvas says that it is late" in said(result)
    numbers = {
        person.student: person.numbers for person in students_in(read_settings(course)).people
    }
    assert numbers == {"101": {"101"}, "102": {"102"}, "104": {"104"}}


def test_a_roster_gives_canvas_numbers_their_ids_and_the_gradebook_names(course, tmp_path):
    """Canvas's exported gradebook, as Excel may save it; its rows above the learners are none."""
    roster = tmp_path / "gradebook.csv"
    text = (
        "Student;ID;SIS User ID;SIS Login ID;Section;Week 1 (55)\n"
        ";;;;;Manual Posting\n    Points Possible;;;;;4\n"
        "Öne, Learner;101;s-1;ada;A;\nTwo, Learner;102;s-2;grace;A;\n"
    )
    roster.write_bytes(text.encode("cp1252"))
    place = make_zip(
        tmp_path / "submissions.zip",
        {
            f"önelearner_101_1_{FILE}": NOTEBOOK,
            f"twolearner_999_2_{FILE}": NOTEBOOK,  # found by the name
            f"stranger_103_3_{FILE}": NOTEBOOK,
        },
    )
    result, files = collected(course, place, roster=roster)
    assert set(files) == {f"ada/{LESSON}/{FILE}", f"grace/{LESSON}/{FILE}"}
    assert "stranger_103_3_" in said(result) and "has no row for stranger" in said(result)
    assert not result.clean
    ada, _ = students_in(read_settings(course)).people
    assert (ada.row["Last name"], ada.row["lms_user_id"]) == ("Öne", "101")
    # without the roster, the next zip finds them by what the gradebook has learnt
    again = make_zip(tmp_path / "again.zip", {f"önelearner_101_9_{FILE}": NOTEBOOK})
    result, _ = collected(course, again)
    assert result.same == ["ada"]
    by_section, _ = collected(course, place, roster=roster, id_column="SIS User ID")
    assert by_section.new == ["s-1", "s-2"]


@pytest.mark.parametrize(
    "name", ["{}_assignsubmission_file_/", "{}_assignsubmission_file/", "{}_assignsubmission_file_"]
)
def test_moodle_gives_folders_or_flat_names(course, tmp_path, name):
    files = {name.format("Learner One_4711") + FILE: NOTEBOOK}
    place = make_zip(tmp_path / "course-ps1-77.zip", files)
    _, files = collected(course, place)
    assert files == {f"Learner One/{LESSON}/{FILE}": NOTEBOOK}


def test_moodles_numbers_are_looked_up_in_its_worksheet_and_the_same_name_is_told(course, tmp_path):
    """Moodle numbers participants anew in each assignment, so a number alone is no id."""
    zip_of_two = make_zip(
        tmp_path / "moodle.zip",
        {
            f"Learner One_1_assignsubmission_file_/{FILE}": NOTEBOOK,
            f"Learner One_2_assignsubmission_file_/{FILE}": OTHER,
        },
    )
    result, files = collected(course, zip_of_two)
    assert not files and said(result).count("2 learners have the name Learner One") == 2
    sheet = tmp_path / "worksheet.csv"
    sheet.write_text(
        "Identifier,Full name,ID number,Email address,Status,Grade\n"
        "Participant 1,Learner One,,ada@a.org,,\nTeilnehmer 2,Learner One,,ada@b.org,,\n"
    )
    _, files = collected(course, zip_of_two, roster=sheet)
    assert files == {f"ada@a.org/{LESSON}/{FILE}": NOTEBOOK, f"ada@b.org/{LESSON}/{FILE}": OTHER}


def test_zip_collect_reads_names_by_the_courses_own_expression(course):
    """nbgrader's own folder, zips in it, and its example of a name with a time."""
    expression = r".*_(?P<student_id>\w+)_attempt_(?P<timestamp>[0-9\-]+)_(?P<file_id>[\w-]+)"
    (course / "nbgrader_config.py").write_text(
        f'{CONFIG}c.FileNameCollectorPlugin.named_regexp = r"{expression}"\n'
    )
    names = ["ps1_ada_attempt_2016-01-30-15-00-00_", "ps1_ada_attempt_2016-01-30-16-00-00_"]
    archive = course / "downloaded" / LESSON / "archive"
    make_folder(archive, {f"{names[1]}{FILE}": NOTEBOOK, "notes.ipynb": b"{}"})
    make_zip(archive / "all.zip", {f"{names[0]}{FILE}": OTHER})
    result, files = collected(course)
    assert files[f"ada/{LESSON}/{FILE}"] == NOTEBOOK
    assert files[f"ada/{LESSON}/timestamp.txt"].startswith(b"2016-01-30 16:00:00")
    assert "notes.ipynb" in said(result) and "named_regexp does not match" in said(result)
    canvas = make_zip(course / "canvas.zip", {f"learner_7_8_{FILE}": NOTEBOOK})
    result, _ = collected(course, canvas)  # names that the expression is not for
    assert result.new == ["7"]
    # all of nbgrader's parts write to this log, and a later grading reads it
    assert traitlets.log.get_logger().level < logging.CRITICAL


def test_the_exchanges_newest_attempt_counts_or_the_newest_in_time(course, tmp_path):
    inbound = tmp_path / "exchange" / "abc101" / "inbound"
    times = ["2026-01-01 10:00:00 UTC", "2026-01-02 10:00:00 UTC"]
    for time, content in zip(times, (OTHER, NOTEBOOK), strict=True):
        folder = f"ada+{LESSON}+{time}+x9_-a"
        make_folder(
            inbound, {f"{folder}/{FILE}": content, f"{folder}/timestamp.txt": time.encode()}
        )
    make_folder(inbound, {f"ada+another+{times[1]}/{FILE}": OTHER})
    settings = f'{CONFIG}c.CourseDirectory.course_id = "abc101"\n'
    settings += f"c.Exchange.root = {str(tmp_path / 'exchange')!r}\n"
    (course / "nbgrader_config.py").write_text(settings)
    result, files = collected(course)
    assert files == {
        f"ada/{LESSON}/{FILE}": NOTEBOOK,
        f"ada/{LESSON}/timestamp.txt": times[1].encode(),
    }
    assert f"{times[1]}+x9_-a counts, as the newest" in said(result)
    assert "it says that ada has handed it in, and it belongs to" in said(result)
    from nbgrader.api import Gradebook

    with Gradebook(read_settings(course).gradebook_url) as book:
        book.add_assignment(LESSON, duedate="2026-01-01 12:00:00 UTC")
    settings += "c.ExchangeCollect.before_duedate = True\nc.ExchangeCollect.check_owner = False\n"
    (course / "nbgrader_config.py").write_text(settings)
    result, files = collected(course, update=True)
    assert files[f"ada/{LESSON}/{FILE}"] == OTHER and result.replaced == ["ada"]
    assert "as the newest before the due date" in said(result)
    assert "belongs to" not in said(result)


@pytest.mark.parametrize("path", ["{0}/{2}", "{0}/{1}/{2}", "submitted/{0}/{1}/{2}", "{1}/{0}/{2}"])
def test_a_folder_for_each_learner_in_all_usual_orders(course, tmp_path, path):
    files = {path.format(who, LESSON, FILE): NOTEBOOK for who in ("ada", "grace")}
    folder = make_folder(tmp_path / "given", files)
    place = make_zip(tmp_path / "given.zip", files)
    result, got = collected(course, folder)
    assert set(got) == {f"{who}/{LESSON}/{FILE}" for who in ("ada", "grace")}, said(result)
    result, _ = collected(course, place)
    assert result.same == ["ada", "grace"]


def test_a_learners_own_zip_is_opened_if_no_notebook_lies_beside_it(course, tmp_path):
    own = zipped({f"work/{FILE}": NOTEBOOK, "work/timestamp.txt": b"1999-01-01", "__MACOSX/x": b""})
    place = make_folder(
        tmp_path / "given",
        {
            "ada.zip": own,
            f"grace/{FILE}": NOTEBOOK,
            "grace/data.zip": own,
            "alan/work.rar": b"Rar!",
        },
    )
    result, files = collected(course, place)
    assert files == {
        f"ada/{LESSON}/{FILE}": NOTEBOOK,
        f"grace/{LESSON}/{FILE}": NOTEBOOK,
        f"grace/{LESSON}/data.zip": own,
        f"alan/{LESSON}/work.rar": b"Rar!",
    }
    assert "timestamp.txt: the learner wrote it" in said(result)
    assert "work.rar: it is an archive that is not opened" in said(result)


def test_a_notebook_saved_as_text_or_within_a_folder_is_put_in_its_place(course, tmp_path):
    canvas = {
        f"one_101_1_{FILE}.txt": NOTEBOOK,
        f"two_102_2_{FILE}-1.json": NOTEBOOK,
        f"three_103_3_{LESSON} (1).ipynb.TXT": NOTEBOOK,
        "four_104_4_notes.txt": b"no notebook",
    }
    moodle = {
        f"Ada A_5_assignsubmission_file_/work/{FILE}": NOTEBOOK,
        "Ada A_5_assignsubmission_file_/work/data/more.csv": b"1",
        f"Grace G_6_assignsubmission_file_/old/{FILE}": OTHER,
        "Grace G_6_assignsubmission_file_/notes.txt": b"two at the top: nobody can tell",
    }
    places = [make_zip(tmp_path / "c.zip", canvas), make_zip(tmp_path / "m.zip", moodle)]
    _, files = collected(course, *places)
    assert files == {
        f"101/{LESSON}/{FILE}": NOTEBOOK,
        f"102/{LESSON}/{FILE}": NOTEBOOK,
        f"103/{LESSON}/{FILE}": NOTEBOOK,
        f"104/{LESSON}/notes.txt": b"no notebook",
        f"Ada A/{LESSON}/{FILE}": NOTEBOOK,
        f"Ada A/{LESSON}/data/more.csv": b"1",
        f"Grace G/{LESSON}/old/{FILE}": OTHER,
        f"Grace G/{LESSON}/notes.txt": b"two at the top: nobody can tell",
    }


# ---- nothing is overwritten ------------------------------------------------------------------


def test_what_is_collected_stays_unless_update_is_said_and_then_it_is_kept(course, tmp_path):
    hand_in(course, "ada", OTHER)
    place = make_folder(tmp_path / "given", {f"ada/{FILE}": NOTEBOOK})
    result, files = collected(course, place)
    assert result.kept == ["ada"] and files[f"ada/{LESSON}/{FILE}"] == OTHER
    assert "say --update if what was given counts" in said(result)
    result, files = collected(course, place, update=True)
    assert result.replaced == ["ada"] and files[f"ada/{LESSON}/{FILE}"] == NOTEBOOK
    (earlier,) = (course / EARLIER).rglob(FILE)
    assert earlier.read_bytes() == OTHER
    result, _ = collected(course, place, update=True)
    assert result.same == ["ada"]


def test_a_place_that_cannot_be_written_is_told_and_the_others_are_collected(course, tmp_path):
    (course / "submitted").mkdir()
    (course / "submitted" / "ada").write_text("a file where the learner's folder should be")
    place = make_folder(tmp_path / "given", {f"{who}/{FILE}": NOTEBOOK for who in ("ada", "bob")})
    result, _ = collected(course, place)
    assert result.new == ["bob"] and "ada, submitted/ada/01-tiny: it cannot be" in said(result)


def test_of_two_zips_the_one_with_the_newest_upload_counts(course, tmp_path):
    older = make_zip(tmp_path / "a.zip", {f"ada_1_20_{FILE}": OTHER, "ada_1_21_old.csv": b""})
    newer = make_zip(tmp_path / "b.zip", {f"ada_1_30_{FILE}": NOTEBOOK})
    result, files = collected(course, newer, older)
    assert files == {f"1/{LESSON}/{FILE}": NOTEBOOK}
    assert f"2 attempts were given: {newer} counts" in said(result)


# ---- what is refused -------------------------------------------------------------------------


def link(name):
    info = zipfile.ZipInfo(name)
    info.external_attr = (stat.S_IFLNK | 0o777) << 16
    return info


def refused(course, tmp_path, files):
    """What is said of a zip in which ada is in order, and that only ada is collected."""
    place = make_zip(tmp_path / "given.zip", {f"ada/{FILE}": NOTEBOOK, **files})
    result, got = collected(course, place)
    assert f"ada/{LESSON}/{FILE}" in got
    assert not result.clean
    outside = [path for path in tmp_path.rglob("*") if path.name == "evil.ipynb"]
    assert not outside
    return said(result)


@pytest.mark.parametrize(
    "name", ["../evil.ipynb", "/evil.ipynb", r"..\evil.ipynb", "C:/evil.ipynb"]
)
def test_a_path_that_leads_out_is_refused(course, tmp_path, name):
    text = refused(course, tmp_path, {name: NOTEBOOK})
    assert "evil.ipynb: the name leads out of its folder" in text


def test_links_and_bad_ids_and_long_names_are_refused(course, tmp_path):
    files = {link(f"eve/{FILE}"): b"/etc/passwd", ".hidden/x.ipynb": NOTEBOOK}
    files["eve/" + "x" * 300] = b""
    text = refused(course, tmp_path, files)
    assert f"eve/{FILE}: it is a link" in text
    assert "'.hidden' cannot be a learner's id" in text
    assert "the name is too long" in text


def test_a_link_in_a_folder_is_not_followed(course, tmp_path):
    place = make_folder(tmp_path / "given", {f"ada/{FILE}": NOTEBOOK})
    (place / "ada" / "secret.txt").symlink_to("/etc/passwd")
    (place / "eve").symlink_to(place / "ada")
    (place / "ada" / os.fsdecode(b"caf\xe9.txt")).write_bytes(b"")
    result, files = collected(course, place)
    assert set(files) == {f"ada/{LESSON}/{FILE}"}
    assert said(result).count("it is a link") == 2
    assert r"caf\xe9.txt: the name is not UTF-8" in said(result)


@pytest.mark.parametrize("nested", [False, True])
def test_a_zip_bomb_is_refused_and_the_others_are_collected(course, tmp_path, nested):
    bomb = {FILE: bytes(260_000_000)}
    if nested:
        files = {"eve/work.zip": zipped(bomb, zipfile.ZIP_DEFLATED)}
        text = refused(course, tmp_path, files)
    else:
        place = tmp_path / "given.zip"
        files = {f"ada/{FILE}": NOTEBOOK, f"eve/{FILE}": bomb[FILE]}
        make_zip(place, files, zipfile.ZIP_DEFLATED)
        result, got = collected(course, place)
        assert set(got) == {f"ada/{LESSON}/{FILE}"}
        text = said(result)
    assert "eve, " in text and "more than 250 MB" in text


def test_a_zip_that_lies_about_sizes_counts_or_content_is_refused(course, tmp_path):
    """The size in the index is changed to 10, the count to 60,000, and a byte of content."""
    small = bytearray(zipped({FILE: NOTEBOOK}, zipfile.ZIP_DEFLATED))
    index = small.index(b"PK\x01\x02")
    struct.pack_into("<I", small, index + 24, 10)
    many = bytearray(zipped({FILE: NOTEBOOK}))
    end = many.index(b"PK\x05\x06")
    struct.pack_into("<HH", many, end + 8, 60_000, 60_000)
    broken = bytearray(zipped({FILE: NOTEBOOK}))
    broken[200] ^= 0xFF
    locked = bytearray(zipped({FILE: NOTEBOOK}))
    locked[locked.index(b"PK\x01\x02") + 8] |= 1
    files = {
        "eve/a.zip": bytes(small),
        "max/a.zip": bytes(many),
        "mia/a.zip": bytes(broken),
        "tom/a.zip": b"not a zip",
        "kim/a.zip": bytes(locked),
    }
    text = refused(course, tmp_path, files)
    for start, sentence in [
        ("eve, ", "content cannot be read"),
        ("max, ", "more than 10,000 files"),
        ("mia, ", "content cannot be read"),
        ("tom, ", "it is no zip"),
        ("kim, ", "it is encrypted"),
    ]:
        assert any(line.startswith(start) and sentence in line for line in text.splitlines()), text


def test_odd_encodings_are_resolved(course, tmp_path):
    """UTF-8 that does not say so, letters and signs apart as on a Mac, what nobody can see."""
    files = {
        "caf\u0065\u0301/x.txt": b"",  # é as two characters
        "ada/\u202eevil.txt": b"",
        "ada/back\\slash.txt": b"",
    }
    place = make_zip(tmp_path / "given.zip", {f"ada/{FILE}": NOTEBOOK, **files})
    raw = make_zip(tmp_path / "raw.zip", {"ZZZZZ/z.txt": b""}).read_bytes()
    (tmp_path / "raw.zip").write_bytes(raw.replace(b"ZZZZZ", "zoé!".encode()))
    _, got = collected(course, place, tmp_path / "raw.zip")
    assert set(got) == {
        f"caf\u00e9/{LESSON}/x.txt",
        f"ada/{LESSON}/{FILE}",
        f"ada/{LESSON}/evil.txt",
        f"ada/{LESSON}/back/slash.txt",
        f"zo\u00e9!/{LESSON}/z.txt",
    }


def test_nothing_to_collect_is_a_sentence(course, tmp_path):
    settings = read_settings(course)
    with pytest.raises(CourseError, match="neither downloaded/01-tiny/archive nor the exchange"):
        collect(settings, LESSON)
    with pytest.raises(CourseError, match=r"source/ps9: there is no such folder.*01-tiny"):
        collect(settings, "ps9")
    with pytest.raises(CourseError, match="nothing of this name"):
        collect(settings, LESSON, [Path("nowhere.zip")])
    (course / "submitted").mkdir()
    with pytest.raises(CourseError, match="where collected submissions lie"):
        collect(settings, LESSON, [course / "submitted"])
    (tmp_path / "bad.zip").write_bytes(b"<html>Please sign in</html>")
    result, _ = collected(course, tmp_path / "bad.zip")
    assert "bad.zip: it is no zip" in said(result) and not result.clean


def test_the_column_that_most_rows_fill_holds_the_ids(tmp_path):
    sheet = tmp_path / "worksheet.csv"
    sheet.write_text(
        "Identifier,Full name,ID number,Email address\n"
        "Participant 1,Learner One,11,one@x.org\nParticipant 2,Learner Two,,two@x.org\n"
    )
    assert read_roster(sheet).column == "Email address"
    assert [person.student for person in read_roster(sheet, "id number").people] == ["11"]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "expected a CSV with a header"),
        ("name,age\nada,36\n", "no column holds the learners' ids"),
        ("student_id,name\nada,A\nada,B\n", "'ada' stands twice"),
    ],
)
def test_a_roster_that_says_nothing_is_refused(course, tmp_path, text, sentence):
    (tmp_path / "roster.csv").write_text(text)
    with pytest.raises(CourseError, match=sentence):
        collect(read_settings(course), LESSON, [tmp_path], tmp_path / "roster.csv")
