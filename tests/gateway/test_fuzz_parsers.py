"""Whatever is read from outside is read or refused in our own words: files, tokens, cookies, numbers, contacts."""

from __future__ import annotations

import asyncio
import contextlib
import io
import json
import tarfile
import tempfile
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.datastructures import FormData

from gateway.answers.answer_parts import parts
from gateway.editions import control
from gateway.editions.models import ModelRefused, Models
from gateway.handoff.contact import NotReachable, contact
from gateway.handoff.links import Links
from gateway.live.peers import RedisPeers
from gateway.monitoring.tracing_settings import TracingError, check
from gateway.operations.asking import _turns
from gateway.operations.backup import BackupError, restore
from gateway.settings import Settings
from gateway.studio.errors import StudioError
from gateway.studio.inbox.question_lists import ListFile, faq, from_csv
from gateway.studio.topics.form import PARTS, Form
from gateway.studio.topics.topic_file import TopicFile
from knowledge import KnowledgeError
from tests.gateway.conftest import Json
from tests.knowledge.conftest import SORENESS
from tests.support.fuzzing import ANYTHING, VISIBLE, tries
from tests.support.processes import both_running

pytestmark = pytest.mark.slow  # takes more than a few seconds

MANY = tries(60)
CELLS = st.lists(st.lists(st.text(max_size=12) | st.just("question"), max_size=4), max_size=5)
TAGS = st.sampled_from(
    """<h2> </h2> <script·type='application/ld+json'> </script> {"@type":"FAQPage","mainEntity": [ { ] } Why? &#x110000;
    <!-- --> <![CDATA[ "name":3 <summary> </ \x00 é""".replace("·", "\t").split(" ")
)
PIECES = st.sampled_from(
    ["\n", "  ", ": ", "- ", "'", '"', "|", ">", "&a ", "*a", "!!python/name:os.system ", "%", "#", "x"]
)
HEADER = st.text(VISIBLE, min_size=1, max_size=80)


@given(
    content=st.binary(max_size=400)
    | CELLS.map(lambda rows: "\n".join(",".join(row) for row in rows).encode("utf-8", "replace"))
    | st.lists(TAGS, max_size=30).map(lambda tags: "".join(tags).encode()),
    name=st.sampled_from(["list.csv", "page.html", "page.mhtml"]),
)
@MANY
def test_any_list_of_questions_is_read_or_refused(content: bytes, name: str) -> None:
    file = ListFile(name, content)
    with contextlib.suppress(StudioError):
        assert all(asked.question.strip() for asked in faq(file))
    with contextlib.suppress(StudioError):
        assert all(asked.question.strip() for asked in from_csv(file))


@given(at=st.integers(0, len(SORENESS)), cut=st.integers(0, 60), pieces=st.lists(PIECES, max_size=6))
@MANY
def test_any_topic_file_is_read_or_refused(at: int, cut: int, pieces: list[str]) -> None:
    with contextlib.suppress(StudioError, KnowledgeError):
        file = TopicFile("soreness", SORENESS[:at] + "".join(pieces) + SORENESS[at + cut :])
        assert isinstance(file.examples, list)


def tar(manifest: bytes) -> bytes:
    """A backup with this manifest and a part."""
    written = io.BytesIO()
    with tarfile.open(fileobj=written, mode="w") as archive:
        for name, content in (("manifest.json", manifest), ("database.sqlite3", b"no database")):
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return written.getvalue()


PARTS_OF_BACKUP = st.dictionaries(st.sampled_from(["database.sqlite3", "secrets/a", "../a", ""]), ANYTHING)
MANIFEST = ANYTHING | st.fixed_dictionaries(
    {"form": st.just(1), "created_at": ANYTHING, "revision": ANYTHING, "parts": PARTS_OF_BACKUP | ANYTHING}
)


@given(
    content=st.binary(max_size=1500)
    | MANIFEST.map(lambda manifest: tar(json.dumps(manifest).encode()))
    | st.just(tar(b"[" * 90_000))
)
@MANY
def test_any_backup_is_restored_or_refused(content: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "backup.tar"
        file.write_bytes(content)
        with pytest.raises(BackupError):
            restore(Settings(var=Path(folder) / "var"), file)
        assert not (Path(folder) / "var" / "ims.sqlite3").exists()


@given(
    fields=st.dictionaries(
        st.sampled_from(
            ["title", "examples", "short", "more", "source", "section", "see_also", "picture", "review_by"]
        ),
        st.lists(st.text(max_size=30) | PIECES, max_size=3),
    )
)
@MANY
def test_any_form_of_a_trainer_is_written_or_refused(fields: dict[str, list[str]]) -> None:
    form = Form.sent(FormData([(name, value) for name, values in fields.items() for value in values]))
    file = TopicFile("soreness", SORENESS)
    with contextlib.suppress(StudioError, KnowledgeError):
        assert set(form.write(file)) <= set(PARTS)
        assert TopicFile("soreness", file.text).examples == file.examples
    assert form.changed_since(" ".join(fields.get("title", []))) <= set(PARTS)


@given(
    content=st.binary(max_size=300)
    | st.fixed_dictionaries(
        {},
        optional={
            **dict.fromkeys(("file", "sha256", "trained_on", "trained_at", "seconds", "edition"), ANYTHING),
            "signature": ANYTHING | st.text(),
        },
    ).map(lambda kept: json.dumps(kept).encode())
)
@MANY
def test_any_manifest_of_a_model_that_was_not_signed_here_starts_nothing(content: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        models = Models(Settings(var=Path(folder) / "var", models=Path(folder)))
        (Path(folder) / "manifest.json").write_bytes(content)
        (Path(folder) / "model.tar.gz").write_bytes(content)
        with pytest.raises(ModelRefused):
            models.current()


@given(line=st.text() | ANYTHING.map(json.dumps) | st.just("[" * 100_000))
@MANY
def test_any_line_for_ims_ask_is_a_message_or_several(line: str) -> None:
    turns = _turns(line)
    assert turns is None or all(isinstance(turn, str) for turn in turns)


@given(message=st.text() | ANYTHING.map(json.dumps) | st.just("[" * 100_000))
@MANY
def test_any_news_from_redis_is_heard_or_left(message: str) -> None:
    peers, heard = RedisPeers("redis://127.0.0.1:1"), list[str]()
    peers.hear("signal", heard.append)
    peers._take(message)
    peers._take(json.dumps(["another", "signal", "chat"]))
    assert heard[-1] == "chat"


@given(lines=st.lists(st.binary(max_size=60) | ANYTHING.map(lambda value: json.dumps(value).encode()), max_size=4))
@MANY
async def test_any_order_at_the_socket_is_answered_in_one_line(lines: list[bytes]) -> None:
    async def handle(order: Json, tell: object) -> Json:
        return {"do": order.get("do")}

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "gateway.sock"
        server = await control.listen(path, handle)
        for line in [*lines, b"x" * 100_000]:
            reader, writer = await asyncio.open_unix_connection(path)
            writer.write(line.replace(b"\n", b" ") + b"\n")
            assert set(json.loads(await reader.readline())) <= {"done", "error"}
            writer.close()
        assert await control.ask(path, {"do": "use"}) == {"do": "use"}
        server.close()


@given(
    given_variables=st.dictionaries(
        st.sampled_from(["OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_TRACES_EXPORTER", "OTEL_EXPORTER_OTLP_PROTOCOL"]),
        st.text(max_size=20) | st.sampled_from(["http://127.0.0.1:1", "otlp", "none", "grpc", "http/protobuf"]),
    )
)
@MANY
def test_any_variable_of_opentelemetry_is_read_or_named(given_variables: dict[str, str]) -> None:
    try:
        check(given_variables)
    except TracingError as error:
        assert any(name in str(error) for name in given_variables)


@given(written=st.text(max_size=300) | st.from_regex(r"[\d() +.-]{5,20}|[\w.]{1,9}@[\w.]{1,9}", fullmatch=True))
@MANY
def test_any_contact_is_read_or_refused(written: str) -> None:
    with contextlib.suppress(NotReachable):
        found = contact(written, "CA")
        assert "@" in found or found.startswith("+")


@given(text=st.text())
@MANY
def test_any_text_of_an_answer_becomes_parts_with_all_its_words(text: str) -> None:
    assert isinstance(parts(text), list)


@given(conversation=st.text(max_size=40), token=st.text(max_size=80))
@MANY
def test_no_made_up_token_opens_a_chat(conversation: str, token: str) -> None:
    assert not Links("a secret", "").opens(conversation, token)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    running = both_running(tmp_path_factory.mktemp("site") / "var")
    with running as processes, httpx.Client(base_url=processes.url, timeout=30) as client:
        yield client


@pytest.mark.slow
@given(value=HEADER)
@MANY
def test_any_cookie_signs_nobody_in(site: httpx.Client, value: str) -> None:
    headers = {"cookie": f"ims_staff={value}; ims_device={value}; {value}", "accept": "text/html"}
    reply = site.get("/desk", headers=headers)
    assert (reply.status_code, reply.headers["location"].partition("?")[0]) == (303, "/staff/login")


@pytest.mark.slow
@given(value=HEADER)
@MANY
def test_any_authorization_is_refused(site: httpx.Client, value: str) -> None:
    for given_header in (value, f"Bearer {value}"):
        reply = site.get("/api/conversations/x/history", headers={"authorization": given_header})
        assert reply.status_code in (401, 404)
        assert len(value) < 8 or value not in reply.text


@pytest.mark.slow
@given(value=HEADER | st.integers().map(str))
@MANY
def test_any_last_event_id_is_a_number_or_none(site: httpx.Client, value: str) -> None:
    started = site.post("/api/conversations").json()
    headers = {"authorization": f"Bearer {started['token']}", "last-event-id": value}
    with site.stream("GET", f"/api/conversations/{started['id']}/events", headers=headers) as stream:
        assert stream.status_code == 200
        assert next(stream.iter_lines()).startswith("retry:")
