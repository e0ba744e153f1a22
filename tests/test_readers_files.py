"""Finding files, and reading their bytes while the world changes."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from index.errors import ReadError
from index.readers import FileListing, ReadLimits, find_files, read_content, source_of

root_reads_all = pytest.mark.skipif(
    hasattr(os, "geteuid") and os.geteuid() == 0, reason="permissions do not bind the superuser"
)


def _fill(folder: Path, *names: str) -> None:
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("text", encoding="utf-8")


def _names(listing: FileListing, folder: Path) -> list[str]:
    return [path.relative_to(folder).as_posix() for path in listing.files]


def test_a_folder_is_searched_through_all_its_depth_in_the_order_of_names(tmp_path: Path) -> None:
    _fill(tmp_path, "b.txt", "a/z.md", "a/y/x.HTML", "c.pdf", "a.docx")
    assert _names(find_files([tmp_path]), tmp_path) == ["a/y/x.HTML", "a/z.md", "a.docx", "b.txt", "c.pdf"]


def test_what_is_passed_over_is_counted_by_reason(tmp_path: Path) -> None:
    _fill(
        tmp_path,
        "a.txt",
        ".hidden.txt",
        ".git/x.txt",
        ".git/y.txt",
        "__MACOSX/a.txt",
        "Thumbs.db",
        "~$a.docx",
        "p.PNG",
        "q.png",
        "Makefile",
    )
    listing = find_files([tmp_path])
    assert _names(listing, tmp_path) == ["a.txt"]
    assert listing.skipped == {
        "hidden": 2,
        "system": 3,
        "unsupported .png": 2,
        "unsupported (no extension)": 1,
    }
    assert listing.errors == ()


def test_a_file_reached_in_several_ways_is_listed_once(tmp_path: Path) -> None:
    _fill(tmp_path, "a/b.txt", "a/c.txt")
    listing = find_files([tmp_path / "a" / "c.txt", tmp_path, tmp_path / "a", tmp_path / "a" / ".." / "a"])
    assert _names(listing, tmp_path) == ["a/c.txt", "a/b.txt"]


def test_what_was_asked_for_is_told_by_absolute_paths(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("USERPROFILE", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
    (tmp_path / "~").mkdir()
    (tmp_path / "~" / "a.txt").write_text("a")
    assert find_files(["~/a.txt", "~/b.txt"]).roots == (tmp_path / "~" / "a.txt", tmp_path / "home" / "b.txt")


def test_a_missing_path_is_an_error_that_names_it_and_the_others_are_listed(tmp_path: Path) -> None:
    _fill(tmp_path, "a.txt")
    listing = find_files([tmp_path / "nothing", tmp_path / "a.txt"])
    assert _names(listing, tmp_path) == ["a.txt"]
    assert [problem.path for problem in listing.errors] == [tmp_path / "nothing"]
    assert (
        listing.errors[0].reason
        == f"{tmp_path / 'nothing'}: there is no such file or folder; check the path."
    )


@pytest.mark.parametrize(
    ("name", "advice"),
    [
        ("a.xyz", "copy it to a .txt file"),
        ("a.doc", "save it as .docx"),
        ("scan.PNG", "run OCR"),
        ("a", "copy it"),
    ],
)
def test_an_unsupported_file_that_was_named_is_an_error_with_advice(
    tmp_path: Path, name: str, advice: str
) -> None:
    _fill(tmp_path, name)
    listing = find_files([tmp_path / name])
    assert listing.files == ()
    assert listing.skipped == {}
    assert advice in listing.errors[0].reason
    assert ".docx" in listing.errors[0].reason


def test_an_empty_folder_and_one_of_nothing_readable_are_errors(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    _fill(tmp_path, "pictures/a.jpg", "pictures/b.jpg")
    reasons = [problem.reason for problem in find_files([tmp_path / "empty", tmp_path / "pictures"]).errors]
    assert "holds no document that can be read (it is empty)" in reasons[0]
    assert "holds no document that can be read (2 unsupported .jpg)" in reasons[1]


@pytest.mark.parametrize("name", ["年报 2023.txt", "two\nlines.txt", "🚲 bike.txt", "-rf.txt", "a'b\"c.txt"])
def test_odd_names_are_found_and_read(tmp_path: Path, name: str) -> None:
    _fill(tmp_path, name)
    assert _names(find_files([tmp_path]), tmp_path) == [name]
    assert read_content(tmp_path / name) == b"text"


@pytest.mark.skipif(os.name != "posix", reason="file names are bytes on POSIX only")
def test_a_name_that_is_not_utf_8_has_a_source_that_can_be_stored(tmp_path: Path) -> None:
    raw = os.fsencode(tmp_path) + b"/\xb3\xa3.txt"
    try:
        Path(os.fsdecode(raw)).write_text("text", encoding="utf-8")
    except OSError:
        pytest.skip("this file system allows UTF-8 names only")
    (path,) = find_files([tmp_path]).files
    assert source_of(path).endswith("/\\xb3\\xa3.txt")
    assert read_content(path) == b"text"


@pytest.mark.parametrize("path", ["\0", "a\0b.txt"])
def test_a_path_that_no_file_can_have_is_an_error(path: str) -> None:
    assert len(find_files([path]).errors) == 1


def test_links_do_not_loop_lead_outside_or_read_a_file_twice(tmp_path: Path) -> None:
    _fill(tmp_path, "docs/a.txt", "docs/sub/b.txt", "docs/.store/c", "secret/outside.txt")
    docs = tmp_path / "docs"
    (docs / "loop").symlink_to(docs)
    (docs / "self.txt").symlink_to(docs / "self.txt")
    (docs / "again.txt").symlink_to(docs / "a.txt")
    (docs / "kept.txt").symlink_to(docs / ".store" / "c")
    (docs / "out.txt").symlink_to(tmp_path / "secret" / "outside.txt")
    (docs / "out").symlink_to(tmp_path / "secret")
    (docs / "gone.txt").symlink_to(docs / "gone")
    listing = find_files([docs])
    assert _names(listing, docs) == ["a.txt", "sub/b.txt", "kept.txt"]
    assert listing.skipped == {
        "hidden": 1,
        "link to a folder": 2,
        "broken link": 2,
        "link leading outside": 1,
        "link to a file that is read anyway": 1,
    }


def test_a_link_that_was_named_is_followed(tmp_path: Path) -> None:
    _fill(tmp_path, "far/a.txt")
    (tmp_path / "link").symlink_to(tmp_path / "far")
    (tmp_path / "link.txt").symlink_to(tmp_path / "far" / "a.txt")
    assert len(find_files([tmp_path / "link"]).files) == 1
    assert len(find_files([tmp_path / "link.txt"]).files) == 1


def test_what_is_excluded_is_not_even_counted(tmp_path: Path) -> None:
    _fill(tmp_path, "a.txt", "library/b.txt")
    listing = find_files([tmp_path], exclude=[tmp_path / "library"])
    assert (_names(listing, tmp_path), listing.skipped) == (["a.txt"], {})


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes here")
def test_a_named_pipe_is_not_opened(tmp_path: Path) -> None:
    _fill(tmp_path, "a.txt")
    os.mkfifo(tmp_path / "pipe.txt")
    assert find_files([tmp_path]).skipped == {"not a regular file": 1}
    assert "neither a file nor a folder" in find_files([tmp_path / "pipe.txt"]).errors[0].reason
    with pytest.raises(ReadError, match="not a regular file"):
        read_content(tmp_path / "pipe.txt")


@root_reads_all
def test_a_folder_that_may_not_be_listed_is_an_error(tmp_path: Path) -> None:
    _fill(tmp_path, "a.txt", "closed/b.txt")
    (tmp_path / "closed").chmod(0)
    try:
        listing = find_files([tmp_path])
    finally:
        (tmp_path / "closed").chmod(0o700)
    assert _names(listing, tmp_path) == ["a.txt"]
    assert "cannot be listed" in listing.errors[0].reason


@root_reads_all
def test_a_file_that_may_not_be_opened_is_a_read_error(tmp_path: Path) -> None:
    _fill(tmp_path, "a.txt")
    (tmp_path / "a.txt").chmod(0)
    with pytest.raises(ReadError, match="cannot be opened"):
        read_content(tmp_path / "a.txt")


def test_a_file_that_vanished_is_a_read_error(tmp_path: Path) -> None:
    with pytest.raises(ReadError, match=r"a\.txt: the file is not there \(any more\)"):
        read_content(tmp_path / "a.txt")


def test_a_file_over_the_limit_is_refused_unread_and_the_limit_can_be_raised(tmp_path: Path) -> None:
    path = tmp_path / "large.txt"
    with path.open("wb") as file:
        file.truncate(200_000_000)  # sparse: takes no room on the disk
    with pytest.raises(ReadError, match=r"is 200\.0 MB, larger than the limit of 100\.0 MB"):
        read_content(path)
    path.write_bytes(b"x" * 2000)
    with pytest.raises(ReadError, match="larger than the limit"):
        read_content(path, ReadLimits(max_bytes=1999))
    assert read_content(path, ReadLimits(max_bytes=2000)) == b"x" * 2000


@pytest.mark.parametrize("change", ["appended", "replaced", "removed"])
def test_a_file_that_changes_while_it_is_read_is_a_read_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, change: str
) -> None:
    path = tmp_path / "a.txt"
    path.write_text("first", encoding="utf-8")
    look = os.fstat
    calls = 0

    def fstat_then_change(descriptor: int) -> os.stat_result:
        nonlocal calls
        state = look(descriptor)
        calls += 1
        if calls == 1:  # after the first look at the file, before its bytes are read
            if change == "appended":
                path.write_text("first and second", encoding="utf-8")
            elif change == "replaced":
                (tmp_path / "new").write_text("other", encoding="utf-8")
                (tmp_path / "new").replace(path)
            else:
                path.unlink()
        return state

    monkeypatch.setattr(os, "fstat", fstat_then_change)
    with pytest.raises(ReadError, match=r"a\.txt: (was changed while it was read|the file is not there)"):
        read_content(path)
