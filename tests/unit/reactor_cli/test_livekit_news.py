from reactor_cli.livekit_server import Status
from reactor_cli.livekit_service import FetchNews
from reactor_cli.status import Notice, StackStatus


def test_a_download_is_told_once_and_its_progress_is_at_hand() -> None:
    told: list[Notice] = []
    news = FetchNews(told.append, verbose=False)
    for share in (0.1, 0.2):
        news(Status("downloading", "livekit-server 1.13.5", share))
    assert len(told) == 1
    assert StackStatus(fetching=news.now).summary == "downloading livekit-server 1.13.5 (20%)"


def test_a_way_that_is_passed_over_is_told_with_its_reason() -> None:
    told: list[Notice] = []
    news = FetchNews(told.append, verbose=False)
    news(Status("looking", "download: https://example.org: timed out"))
    news(Status("building", "livekit-server 1.13.5 with Go: 0 s"))
    assert [one.text for one in told] == [
        "LiveKit, looking: download: https://example.org: timed out",
        "LiveKit, building: livekit-server 1.13.5 with Go: 0 s",
    ]


def test_an_ordinary_start_says_nothing() -> None:
    told: list[Notice] = []
    news = FetchNews(told.append, verbose=False)
    news(Status("starting", "livekit-server 1.13.5 on port 7880"))
    news(Status("ready", "livekit-server 1.13.5", 1.0))
    assert told == []
    assert news.now == ""
