"""Uploads: names stay where they are put, only files of the upload folder are taken, and they leave it."""

from __future__ import annotations

import errno
import os
import shutil
from pathlib import Path

import pytest

from ui.uploads import FOLDER, MAX_FILES, Upload, keep, safe_name


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("报告.pdf", "报告.pdf"),
        ("文件夹/子/报告.md", "文件夹/子/报告.md"),
        ("../../etc/passwd.txt", "etc/passwd.txt"),
        ("/etc/passwd.txt", "etc/passwd.txt"),
        ("C:\\Windows\\a.txt", "C_/Windows/a.txt"),
        ("a/../../b.txt", "a/b.txt"),
        ("con.txt", "_con.txt"),
        (".hidden.txt", "hidden.txt"),
        ("a\x00b\n<c>|d.txt", "a_b__c__d.txt"),
        ("\u202egnp.txt", "_gnp.txt"),
        ("..", "_"),
        ("", "_"),
    ],
)
def test_a_name_is_made_safe(name: str, safe: str) -> None:
    assert safe_name(name) == Path(safe)


def test_a_long_chinese_name_fits_a_file_system() -> None:
    made = safe_name("长" * 300 + ".txt")
    assert made.suffix == ".txt"
    assert len(made.name.encode()) <= 255


@pytest.mark.parametrize("name", ["a." + "x" * 250, "风." + "车" * 100, "卷." + "宗" * 100 + "/a.txt"])
def test_a_name_that_seems_to_be_all_extension_is_made_to_fit(name: str) -> None:
    made = safe_name(name)
    assert len(made.parts) == name.count("/") + 1
    assert all(len(part.encode()) <= 255 for part in made.parts)
    assert made.parts[0].startswith(name[:3])


def test_a_file_moves_from_the_upload_folder_into_the_library(tmp_path: Path) -> None:
    uploaded, library = tmp_path / "up", tmp_path / "lib"
    (uploaded / "hash").mkdir(parents=True)
    file = uploaded / "hash" / "a.txt"
    file.write_text("甲", encoding="utf-8")
    kept, refused = keep([Upload(path=str(file), name="夹/甲.txt")], library, uploaded, "zh")
    assert (kept, refused) == ([library / FOLDER / "夹" / "甲.txt"], [])
    assert kept[0].read_text(encoding="utf-8") == "甲"
    assert not file.exists()


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("问：何时？.txt", "问：何时！.txt"),
        ("a?b.txt", "a:b.txt"),
        ("卷" * 130 + "1.txt", "卷" * 130 + "2.txt"),
    ],
)
def test_files_whose_names_become_alike_are_both_kept(tmp_path: Path, first: str, second: str) -> None:
    uploads = []
    for number, name in enumerate((first, second)):
        file = tmp_path / "up" / str(number) / "file.txt"
        file.parent.mkdir(parents=True)
        file.write_text(name, encoding="utf-8")
        uploads.append(Upload(path=str(file), name=name))
    kept, refused = keep(uploads, tmp_path / "lib", tmp_path / "up", "zh")
    assert refused == []
    assert [path.read_text(encoding="utf-8") for path in kept] == [first, second]
    assert all(len(path.name.encode()) <= 255 for path in kept)


def test_files_alike_in_two_folders_are_both_kept(tmp_path: Path) -> None:
    uploaded, library = tmp_path / "up", tmp_path / "lib"
    file = uploaded / "hash" / "notes.txt"  # both come here, since they are alike
    file.parent.mkdir(parents=True)
    file.write_text("甲", encoding="utf-8")
    uploads = [Upload(path=str(file), name=f"{folder}/notes.txt") for folder in ("x", "y")]
    kept, refused = keep(uploads, library, uploaded, "zh")
    assert (kept, refused) == ([library / FOLDER / folder / "notes.txt" for folder in ("x", "y")], [])
    assert not file.exists()


def test_users_who_log_in_never_replace_each_others_files(tmp_path: Path) -> None:
    library, kept = tmp_path / "lib", []
    for user in ("wang", "li", "wang"):
        file = tmp_path / "up" / "report.txt"
        file.parent.mkdir(exist_ok=True)
        file.write_text(user, encoding="utf-8")
        kept += keep([Upload(path=str(file), name="report.txt")], library, tmp_path / "up", "zh", user)[0]
    assert kept[0] == kept[2] != kept[1]
    assert [path.read_text(encoding="utf-8") for path in kept[:2]] == ["wang", "li"]


def test_a_disk_that_is_full_spoils_neither_the_earlier_file_nor_the_next(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    uploaded, library = tmp_path / "up", tmp_path / "lib"
    uploaded.mkdir()

    def upload(name: str, text: str) -> Upload:
        (uploaded / name).write_text(text, encoding="utf-8")
        return Upload(path=str(uploaded / name), name=name)

    keep([upload("甲.txt", "旧")], library, uploaded, "zh")
    move = shutil.move

    def until_it_is_full(source: Path, target: Path) -> None:
        if source.name != "甲.txt":
            move(source, target)
            return
        Path(target).write_text("半", encoding="utf-8")
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(shutil, "move", until_it_is_full)
    kept, refused = keep([upload("甲.txt", "新"), upload("乙.txt", "乙")], library, uploaded, "zh")
    assert kept == [library / FOLDER / "乙.txt"]
    assert refused == ["甲.txt：无法保存（No space left on device），请检查磁盘空间和权限后再试。"]
    left = {path.name: path.read_text(encoding="utf-8") for path in (library / FOLDER).iterdir()}
    assert left == {"甲.txt": "旧", "乙.txt": "乙"}


def test_nothing_outside_the_upload_folder_is_taken(tmp_path: Path) -> None:
    uploaded, secret = tmp_path / "up", tmp_path / "secret.txt"
    uploaded.mkdir()
    secret.write_text("geheim", encoding="utf-8")
    os.symlink(secret, uploaded / "link.txt")
    paths = [
        str(secret),
        str(uploaded / ".." / "secret.txt"),
        str(uploaded / "link.txt"),
        str(uploaded),
        "\x00",
        "",
    ]
    kept, refused = keep(
        [Upload(path=path, name="a.txt") for path in paths], tmp_path / "lib", uploaded, "en"
    )
    assert kept == []
    assert refused == ["a.txt: the upload did not finish, try again."] * len(paths)
    assert secret.exists()


def test_other_kinds_and_too_many_files_are_refused_in_a_sentence(tmp_path: Path) -> None:
    kept, refused = keep([Upload(path="/x", name="a.exe")], tmp_path, tmp_path, "en")
    assert kept == []
    assert refused[0].startswith("a.exe: this kind is not read; these are: .txt")
    many = [Upload(path="/x", name="a.exe")] * (MAX_FILES + 1)
    assert f"At most {MAX_FILES} files" in keep(many, tmp_path, tmp_path, "en")[1][0]
