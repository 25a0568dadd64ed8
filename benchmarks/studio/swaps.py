"""Swaps of the model under load: messages lost, answered twice, or answered without the engine. All have to be 0.

python -m benchmarks.studio.swaps [--swaps 50] [--chats 20] [--real]

The gateway and the supervisor are the real ones. The engine is a stand-in that answers after 50 ms; with --real it is
Rasa with the model in use and a second one that is the same but for its name, in an installation of its own.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import statistics
import tempfile
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any

import httpx

QUESTION = "will I be sore afterwards?"


@dataclass
class Result:
    """What became of the messages; `slowest` in seconds from a message to its answer."""

    sent: int = 0
    lost: int = 0
    doubled: int = 0
    without_engine: int = 0
    median: float = 0.0
    slowest: float = 0.0


@dataclass
class Load:
    """So many chats that send, wait for the answer, and send again, for as long as the block lasts."""

    url: str
    chats: int
    pause: float = 0.05  # seconds from an answer to the next message
    _ids: list[tuple[str, str]] = field(default_factory=list)
    _took: list[float] = field(default_factory=list)
    _refused: int = 0

    def __enter__(self) -> Load:
        self._stop = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._all()))
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._stop.set()
        self._thread.join()

    async def _all(self) -> None:
        async with httpx.AsyncClient(base_url=self.url, timeout=30, trust_env=False) as client:
            await asyncio.gather(*(self._chat(client) for _ in range(self.chats)))

    async def _chat(self, client: httpx.AsyncClient) -> None:
        started = (await client.post("/api/conversations")).json()
        headers = {"Authorization": f"Bearer {started['token']}"}
        self._ids.append((started["id"], started["token"]))
        number = 0
        while not self._stop.is_set():
            number += 1
            began = time.monotonic()
            message = {"key": f"key-{number}", "text": QUESTION}
            sent = await self._sent(client, f"/api/conversations/{started['id']}/messages", message, headers)
            if sent.status_code != 202:
                self._refused += 1
                continue
            seq = sent.json()["seq"]
            while time.monotonic() - began < 20:
                path = f"/api/conversations/{started['id']}/history?after={seq}"
                events = (await self._sent(client, path, None, headers)).json()["events"]
                if any(event["in_reply_to"] == seq for event in events):
                    break
                await asyncio.sleep(0.02)
            self._took.append(time.monotonic() - began)
            await asyncio.sleep(self.pause)

    async def _sent(
        self, client: httpx.AsyncClient, path: str, message: dict[str, str] | None, headers: dict[str, str]
    ) -> httpx.Response:
        """Send, and send again when the connection fails, as the chat window does: the key makes that harmless."""
        while True:
            try:
                if message is None:
                    return await client.get(path, headers=headers)
                return await client.post(path, json=message, headers=headers)
            except httpx.TransportError:
                await asyncio.sleep(0.2)

    @staticmethod
    def _page(client: httpx.Client, id: str, token: str, after: int) -> list[dict[str, Any]]:
        """The next events of a chat: no request gives all of a long one."""
        headers = {"Authorization": f"Bearer {token}"}
        reply = client.get(f"/api/conversations/{id}/history", params={"after": after}, headers=headers)
        return list(reply.json()["events"])

    def result(self) -> Result:
        """Read all chats again, and count."""
        found = Result(lost=self._refused, median=statistics.median(self._took), slowest=max(self._took))
        with httpx.Client(base_url=self.url, timeout=30, trust_env=False) as client:
            for id, token in self._ids:
                events: list[dict[str, Any]] = []
                while more := self._page(client, id, token, events[-1]["seq"] if events else 0):
                    events += more
                for message in (event for event in events if event["role"] == "patient"):
                    answers = [event for event in events if event["in_reply_to"] == message["seq"]]
                    found.sent += 1
                    found.lost += not answers
                    found.doubled += len(answers) > 1
                    found.without_engine += any(answer["body"].get("topic") != "soreness" for answer in answers[:1])
        return found


def main() -> None:
    """Print the figures as JSON."""
    from benchmarks.studio.installations import real, simulated

    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--swaps", type=int, default=50)
    parser.add_argument("--chats", type=int, default=20)
    parser.add_argument("--real", action="store_true", help="Rasa in place of the stand-in")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        started = real if arguments.real else simulated
        with started(Path(folder)) as here:
            seconds = []
            with Load(here.url, arguments.chats) as load:
                for number in range(arguments.swaps):
                    began = time.monotonic()
                    here.use(f"ims-{2 - number % 2}")
                    seconds.append(time.monotonic() - began)
            result = load.result()
    print(
        json.dumps(
            {
                "engine": "rasa" if arguments.real else "stand-in",
                "swaps": len(seconds),
                "seconds_a_swap": round(statistics.median(seconds), 2),
                "chats": arguments.chats,
                "messages": result.sent,
                "lost": result.lost,
                "doubled": result.doubled,
                "without_engine": result.without_engine,
                "answer_median_ms": round(result.median * 1000),
                "answer_slowest_ms": round(result.slowest * 1000),
            },
            indent=1,
        )
    )


if __name__ == "__main__":
    main()
