"""Settings, secrets, and rate limits."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from gateway.settings import Settings, SettingsError
from gateway.web.callers import is_loopback
from gateway.web.rate_limits import TokenBuckets
from gateway.web.typed import clean


def test_the_environment_changes_the_defaults() -> None:
    settings = Settings.from_environment({"IMS_PORT": "9000", "IMS_DATA": "elsewhere", "IMS_ENGINE_TIMEOUT": "1.5"})
    assert (settings.port, settings.data, settings.engine_timeout) == (9000, Path("elsewhere"), 1.5)
    assert Settings.from_environment({"IMS_PORT": ""}) == Settings()


def test_engine_workers_stand_at_one_port_after_the_other() -> None:
    given = {"IMS_ENGINE_URL": "http://127.0.0.1:5105", "IMS_ENGINE_WORKERS": "2"}
    assert Settings.from_environment(given).engine_urls == ("http://127.0.0.1:5105", "http://127.0.0.1:5106")
    listed = {**given, "IMS_ENGINE_URL": "http://127.0.0.1:5105 http://127.0.0.1:5205"}
    assert Settings.from_environment(listed).engine_urls == ("http://127.0.0.1:5105", "http://127.0.0.1:5205")
    assert Settings().engine_urls == ("http://127.0.0.1:5005",)


@pytest.mark.parametrize(("cores", "workers"), [(1, 1), (2, 1), (4, 3)])
def test_workers_take_the_cores_that_the_gateway_leaves(
    monkeypatch: pytest.MonkeyPatch, cores: int, workers: int
) -> None:
    monkeypatch.setattr("os.sched_getaffinity", lambda _: set(range(cores)))
    assert Settings.from_environment({"IMS_ENGINE_WORKERS": "auto"}).engine_workers == workers


@pytest.mark.parametrize("name", ["IMS_PORT", "IMS_ENGINE_TIMEOUT", "IMS_MESSAGE_LIMIT", "IMS_ENGINE_WORKERS"])
@pytest.mark.parametrize("value", ["many", "-1", "0", "nan"])
def test_a_value_that_cannot_be_used_is_named(name: str, value: str) -> None:
    with pytest.raises(SettingsError, match=f"{name} must be .* What to do"):
        Settings.from_environment({name: value})


def test_secrets_are_made_once_and_for_the_owner_only(tmp_path: Path) -> None:
    settings = Settings(var=tmp_path / "var")
    with ThreadPoolExecutor(8) as many:
        secrets = set(many.map(settings.secret, ["engine_token"] * 8))
    assert len(secrets) == 1
    assert len(secrets.pop()) > 30
    file = tmp_path / "var/secrets/engine_token"
    assert (file.stat().st_mode & 0o777, file.parent.stat().st_mode & 0o777) == (0o600, 0o700)
    assert [found.name for found in file.parent.iterdir()] == ["engine_token"]


def test_the_engine_token_can_be_given() -> None:
    assert Settings(engine_token="given").engine_secret() == "given"


def test_a_bucket_gives_a_burst_and_then_a_steady_rate() -> None:
    now = 100.0
    buckets = TokenBuckets(burst=3, rate=0.5, clock=lambda: now)
    assert [buckets.take("a") for _ in range(4)] == [0, 0, 0, 2.0]
    assert buckets.take("b") == 0
    now += 1
    assert buckets.take("a") == pytest.approx(1.0)
    now += 1
    assert buckets.take("a") == 0
    now += 1000
    assert [buckets.take("a") for _ in range(4)] == [0, 0, 0, 2.0]


def test_buckets_do_not_pile_up() -> None:
    now = 0.0
    buckets = TokenBuckets(burst=1, rate=1, clock=lambda: now, remembered=100)
    for number in range(1000):
        now += 0.001
        buckets.take(f"key-{number}")
    assert len(buckets._buckets) <= 100


@pytest.mark.parametrize(
    ("address", "loopback"),
    [("127.0.0.1", True), ("127.8.8.8", True), ("::1", True), ("10.0.0.1", False), ("testclient", False), ("", False)],
)
def test_this_machine_is_known(address: str, loopback: bool) -> None:
    assert is_loopback(address) is loopback


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("  hello  ", "hello"),
        ("a\x00b\x1bc", "abc"),
        ("one\r\ntwo\tthree", "one\ntwo\tthree"),
        ("\ud83d half", "half"),
        ("\u200b\u2060", ""),
        ("👩🏽\u200d⚕️", "👩🏽\u200d⚕️"),
        ("مرحبا", "مرحبا"),
        ("/restart", "/restart"),
        ("?", "?"),
    ],
)
def test_what_was_typed_is_kept_as_text(typed: str, kept: str) -> None:
    assert clean(typed) == kept
