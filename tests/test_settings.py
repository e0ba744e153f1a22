from __future__ import annotations

from pathlib import Path

import pytest

from index.errors import SettingsError
from rag.settings import FILE_NAME, Settings


def test_a_folder_without_settings_has_the_defaults(tmp_path: Path) -> None:
    assert Settings.load(tmp_path) == Settings()


def test_settings_come_back_as_they_were_saved(tmp_path: Path) -> None:
    settings = Settings(passages=7, refusal_threshold=0.3)
    settings.save(tmp_path)
    assert Settings.load(tmp_path) == settings
    assert [path.name for path in tmp_path.iterdir()] == [FILE_NAME]


def test_a_byte_order_mark_before_the_settings_is_no_part_of_them(tmp_path: Path) -> None:
    (tmp_path / FILE_NAME).write_text('{"passages": 7}', encoding="utf-8-sig")
    assert Settings.load(tmp_path) == Settings(passages=7)


def test_the_fingerprint_changes_with_any_setting() -> None:
    assert Settings().fingerprint == Settings().fingerprint
    assert Settings().fingerprint != Settings(candidates=61).fingerprint


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        ('{"passages": 0}', "passages: Input should be greater than or equal to 1"),
        ('{"passages": "many"}', "passages: Input should be a valid integer"),
        ('{"colour": "red"}', "colour: Extra inputs are not permitted"),
        ("{", "Invalid JSON"),
    ],
)
def test_a_wrong_settings_file_is_named_with_the_field_and_what_was_expected(
    tmp_path: Path, content: str, complaint: str
) -> None:
    (tmp_path / FILE_NAME).write_text(content, encoding="utf-8")
    with pytest.raises(SettingsError) as caught:
        Settings.load(tmp_path)
    assert str(tmp_path / FILE_NAME) in str(caught.value)
    assert complaint in str(caught.value)
