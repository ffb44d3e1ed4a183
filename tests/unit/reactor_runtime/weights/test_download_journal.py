from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reactor_runtime.weights.download import journal
from reactor_runtime.weights.download.journal import Claim, Journal, read_claims


def new(path: Path, **identities: str) -> Journal:
    return Journal(path, {name: Claim(identity, believed=True) for name, identity in identities.items()})


def test_what_is_finished_is_claimed(tmp_path: Path) -> None:
    written = new(tmp_path / "journal", a="1", b="2")
    written.finished(0, 3)
    written.finished(1, 0)
    written.close()
    assert read_claims(tmp_path / "journal") == {"a": Claim("1", True, {3}), "b": Claim("2", True, {0})}


def test_a_file_that_is_begun_again_has_no_parts(tmp_path: Path) -> None:
    written = new(tmp_path / "journal", a="1")
    written.finished(0, 3)
    written.begin_again(0)
    written.finished(0, 1)
    assert read_claims(tmp_path / "journal")["a"].parts == {1}
    written.close()


def test_claims_of_another_boot_are_not_believed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    written = new(tmp_path / "journal", a="1")
    written.finished(0, 0)
    written.close()
    monkeypatch.setattr(journal, "boot_id", lambda: "another")
    assert read_claims(tmp_path / "journal") == {"a": Claim("1", False, {0})}


def test_where_no_boot_can_be_told_from_another_nothing_is_believed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(journal, "boot_id", lambda: "")
    written = new(tmp_path / "journal", a="1")
    written.close()
    assert not read_claims(tmp_path / "journal")["a"].believed


def test_a_new_journal_claims_only_what_is_believed(tmp_path: Path) -> None:
    Journal(tmp_path / "journal", {"a": Claim("1", True, {1}), "b": Claim("2", False, {2})}).close()
    assert {name: claim.parts for name, claim in read_claims(tmp_path / "journal").items()} == {"a": {1}, "b": set()}


def test_what_is_claimed_after_the_end_is_not_written(tmp_path: Path) -> None:
    written = new(tmp_path / "journal", a="1")
    written.close()
    written.finished(0, 0)
    assert read_claims(tmp_path / "journal")["a"].parts == set()


def test_no_journal_claims_nothing(tmp_path: Path) -> None:
    assert read_claims(tmp_path / "journal") == {}


@given(st.lists(st.tuples(st.integers(0, 1), st.integers(0, 500))), st.integers(0, 400), st.binary(max_size=40))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_torn_journal_claims_nothing_that_was_not_finished(
    tmp_path: Path, finished: list[tuple[int, int]], kept: int, torn: bytes
) -> None:
    path = tmp_path / "journal"
    written = new(path, a="1", b="2")
    for file, part in finished:
        written.finished(file, part)
    written.close()
    whole = path.read_bytes()
    path.write_bytes(whole[:kept] + b"\0" + torn.replace(b"[", b"") + b"\n" + whole[kept + len(torn) :])
    claims = read_claims(path)
    for number, name in enumerate(("a", "b")):
        if name in claims:
            assert claims[name].parts <= {part for file, part in finished if file == number}
