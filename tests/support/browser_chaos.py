"""A chat while connections, acknowledgements of sends, network, gateway and page die at random."""

from __future__ import annotations

import random
import threading
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import pairwise

from playwright.sync_api import Error, Route, expect

from tests.browser.conftest import Chat, Site


@dataclass
class Outcome:
    """What was written, what the screen showed afterwards, and what had gone wrong meanwhile."""

    written: list[str] = field(default_factory=list)
    shown: list[str] = field(default_factory=list)
    answered: list[str] = field(default_factory=list)
    faults: Counter[str] = field(default_factory=Counter)

    @property
    def lost(self) -> int:
        return len(set(self.written) - set(self.shown)) + len(set(self.expected) - set(self.answered))

    @property
    def doubled(self) -> int:
        return len(self.shown) - len(set(self.shown)) + len(self.answered) - len(set(self.answered))

    @property
    def out_of_order(self) -> int:
        """Neighbours that stand the wrong way round."""
        return sum(
            _inversions(seen, order) for seen, order in ((self.shown, self.written), (self.answered, self.expected))
        )

    @property
    def expected(self) -> list[str]:
        return [text.removeprefix("say ") for text in self.written]


def _inversions(seen: list[str], order: list[str]) -> int:
    place = {text: number for number, text in enumerate(order)}
    places = [place[text] for text in seen if text in place]
    return sum(one > other for one, other in pairwise(places))


def live_through(chat: Chat, site: Site, messages: int, seed: int = 7, kill_after: float = 6.0) -> Outcome:
    """Write so many messages in an open chat while its connections die; the gateway is killed every few seconds."""
    dice, outcome = random.Random(seed), Outcome()

    def unlucky(route: Route) -> None:
        luck = dice.random()
        if luck < 0.05:
            outcome.faults["sends that never arrived"] += 1
            route.abort()
        elif luck < 0.1:
            outcome.faults["acknowledgements that were lost"] += 1
            with suppress(Error):  # unless the gateway is dead just now
                route.fetch()
            route.abort()
        else:
            route.continue_()

    chat.page.route("**/messages", unlucky)
    stopped, up = threading.Event(), threading.Lock()

    def kill_now_and_then() -> None:
        while not stopped.wait(kill_after):
            with up:
                outcome.faults["gateway killed"] += 1
                site.kill("gateway")
                site.start_gateway()

    killer = threading.Thread(target=kill_now_and_then)
    killer.start()
    try:
        for number in range(messages):
            outcome.written.append(f"say {number}")
            chat.write(outcome.written[-1])
            if dice.random() < 0.02:
                outcome.faults["network off"] += 1
                chat.page.context.set_offline(True)
                chat.page.wait_for_timeout(dice.randrange(50, 500))
                chat.page.context.set_offline(False)
            if dice.random() < 0.005:
                outcome.faults["page reloaded"] += 1
                with up:  # a page that is not there cannot be loaded
                    chat.page.reload()
                chat.open()
    finally:
        stopped.set()
        killer.join()
    expect(chat.page.locator("ims-chat .unsent")).to_have_count(0, timeout=120_000 + messages * 400)
    expect(chat.replies).to_have_count(messages + 1, timeout=60_000)
    outcome.shown = chat.texts()
    outcome.answered = chat.replies.locator(".bubble").all_inner_texts()[1:]
    return outcome
