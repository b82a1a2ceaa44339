"""Where state is kept: one folder per user, and nobody else's."""

from __future__ import annotations

import os
import stat

import pytest

from discreet._delivery.folder import place, private, state_folder, unique_name
from discreet.errors import ConfigurationError

posix = pytest.mark.skipif(os.name != "posix", reason="owners and modes are POSIX's")


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    for name in ("XDG_STATE_HOME", "DISCREET_STATE_DIR"):
        monkeypatch.delenv(name, raising=False)
    folder = tmp_path / "home"
    folder.mkdir()
    monkeypatch.setenv("HOME", str(folder))
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    return folder


def mode(path):
    return stat.S_IMODE(path.stat().st_mode)


def test_the_given_folder_is_used_and_made_for_this_user_only(tmp_path, monkeypatch):
    monkeypatch.setenv("DISCREET_STATE_DIR", str(tmp_path / "a" / "b"))
    assert state_folder() == tmp_path / "a" / "b"
    assert mode(tmp_path / "a" / "b") == 0o700


def test_a_folder_for_state_comes_before_the_home(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    assert state_folder() == tmp_path / "state" / "discreet"


def test_a_relative_folder_for_state_is_ignored_as_its_specification_says(home, monkeypatch):
    monkeypatch.setenv("XDG_STATE_HOME", "state")
    assert state_folder() == home / ".local" / "state" / "discreet"


@posix
@pytest.mark.parametrize("missing", ["/", "/nonexistent", "relative"])
def test_a_user_without_a_home_has_one_among_the_temporary_files(missing, tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", missing)
    assert state_folder() == tmp_path / f"discreet-{os.geteuid()}"


@posix
def test_a_folder_that_others_may_look_into_is_closed_to_them(tmp_path):
    (tmp_path / "open").mkdir(mode=0o755)
    assert mode(private(tmp_path / "open")) == 0o700


@posix
def test_a_given_folder_that_others_may_write_to_gets_one_of_ours_inside(tmp_path, monkeypatch):
    shared = tmp_path / "volume"
    shared.mkdir()
    shared.chmod(0o777)
    monkeypatch.setenv("DISCREET_STATE_DIR", str(shared))
    assert state_folder() == shared / f"discreet-{os.geteuid()}"
    assert mode(shared) == 0o777


def test_a_link_in_the_place_of_our_folder_is_refused(tmp_path):
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(ConfigurationError, match="is not a folder"):
        private(tmp_path / "link")


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root can give a folder away")
def test_a_folder_of_another_user_is_refused(tmp_path, monkeypatch):
    other = tmp_path / "theirs"
    other.mkdir()
    os.chown(other, 12345, 12345)
    monkeypatch.setenv("DISCREET_STATE_DIR", str(other))
    with pytest.raises(ConfigurationError, match="another user"):
        state_folder()
    with pytest.raises(ConfigurationError, match="another user"):
        private(other)


def test_a_folder_that_cannot_be_made_is_named_with_the_remedy(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("DISCREET_STATE_DIR", str(tmp_path / "file" / "below"))
    with pytest.raises(ConfigurationError, match=r"DISCREET_STATE_DIR=.*cannot be used"):
        state_folder()


def test_where_nothing_can_be_made_the_error_says_what_to_set(home, tmp_path, monkeypatch):
    (home / ".local").write_text("")
    (tmp_path / "temporary").write_text("")
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "temporary"))
    with pytest.raises(ConfigurationError, match="Set DISCREET_STATE_DIR"):
        state_folder()


def test_different_names_have_different_readable_places():
    one, other = unique_name("shop", "https://a/b"), unique_name("shop", "https://a?b")
    assert one != other
    assert one.startswith("shop-https-a-b-")
    assert unique_name("a", "b") != unique_name("a-b")
    assert len(unique_name("x" * 1000)) < 100


def test_the_same_names_find_the_same_place_again(tmp_path, monkeypatch):
    monkeypatch.setenv("DISCREET_STATE_DIR", str(tmp_path / "state"))
    found = place("spool", "shop", "https://collector:4318")
    assert found == place("spool", "shop", "https://collector:4318")
    assert found.parent == place("spool")
    assert mode(found) == 0o700


def test_where_there_are_no_users_every_folder_will_do(tmp_path, monkeypatch):
    monkeypatch.delattr(os, "geteuid", raising=False)
    monkeypatch.setenv("HOME", "/nonexistent")
    assert state_folder() == tmp_path / "discreet"
    assert state_folder() == tmp_path / "discreet"
