import pytest

from reactor_protocol.runtime import Download
from reactor_runtime.weights.words import Milestones, download_words, fraction_of, size_words, time_words

_DOWNLOAD = Download(
    folder="Some-Model",
    files=3,
    files_done=1,
    folders=1,
    folders_done=0,
    total_bytes=4_000_000_000,
    done_bytes=1_000_000_000,
    speed_bytes_s=85_000_000.0,
    eta_s=35.3,
)


def test_the_first_news_are_told_and_then_each_twentieth() -> None:
    milestones = Milestones()
    told = [step for step in range(101) if milestones.reached(step / 100, now_s=0.0)]
    assert told == list(range(0, 101, 5))


def test_a_slow_download_is_told_every_ten_seconds() -> None:
    milestones = Milestones()
    told = [now_s for now_s in range(41) if milestones.reached(0.01, float(now_s))]
    assert told == [0, 10, 20, 30, 40]


def test_bytes_that_come_again_are_no_news() -> None:
    milestones = Milestones()
    assert milestones.reached(0.5, 0.0)
    assert not milestones.reached(0.3, 1.0)
    assert not milestones.reached(0.5, 2.0)
    assert milestones.reached(0.55, 3.0)


@pytest.mark.parametrize(
    ("size", "words"),
    [
        (0, "0 B"),
        (999, "999 B"),
        (1000, "1.0 kB"),
        (9_949, "9.9 kB"),
        (12_345_678, "12 MB"),
        (999_600, "1.0 MB"),
        (2.8e9, "2.8 GB"),
        (5e17, "500 PB"),
    ],
)
def test_sizes_have_a_unit(size: float, words: str) -> None:
    assert size_words(size) == words


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0.2, "0 s"), (99, "99 s"), (180, "3 min"), (7500, "2 h 5 min"), (86_400 * 3, "3 days")],
)
def test_times_have_a_unit(seconds: float, words: str) -> None:
    assert time_words(seconds) == words


def test_a_download_is_one_line() -> None:
    assert download_words(_DOWNLOAD) == "Some-Model, 25%: 1.0 GB of 4.0 GB, 85 MB/s, 35 s left"


def test_the_line_says_which_of_several_folders_and_who_fetches_it() -> None:
    download = _DOWNLOAD.model_copy(update={"folders": 3, "folders_done": 1, "waiting_for_pid": 77, "eta_s": None})
    assert download_words(download) == "Some-Model (2 of 3), 25%: 1.0 GB of 4.0 GB, 85 MB/s; process 77 fetches it"


def test_of_nothing_nothing_has_come() -> None:
    assert fraction_of(_DOWNLOAD.model_copy(update={"total_bytes": 0, "done_bytes": 0})) == 0.0
