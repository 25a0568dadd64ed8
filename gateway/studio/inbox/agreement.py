"""Do two reviewers take the same message for the same topic? Cohen's kappa (1960), as a whole and topic by topic.

A topic on which reviewers do not agree is badly defined: no training can learn it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import combinations

from sqlalchemy import Connection, delete, insert, select

from gateway.evaluation.intervals import bootstrap
from gateway.storage.database import Database
from gateway.storage.tables import inbox, labels
from gateway.studio.errors import StudioError

NONE = "none"  # the label of a message that is about no topic
Pair = tuple[str, str]


@dataclass(frozen=True)
class Unlabelled:
    """A message that a reviewer has not seen the topic of."""

    id: int
    text: str


@dataclass(frozen=True)
class Agreement:
    """Kappa with its 95 % interval over this many messages that two reviewers labelled."""

    kappa: float
    interval: tuple[float, float]
    messages: int


@dataclass(frozen=True)
class TopicAgreement:
    """How two reviewers agree whether a message is about a topic, and with what it is mixed up most often."""

    topic: str
    agreement: Agreement
    mixed_up_with: str


class Labels:
    """What reviewers say that messages of the inbox are about, each by themselves."""

    def __init__(self, database: Database, now: Callable[[], datetime]) -> None:
        self._database = database
        self._now = now

    async def next(self, reviewer: str) -> Unlabelled | None:
        """A message that this reviewer has not labelled; those first that somebody else has."""
        own = select(labels.c.message_id).where(labels.c.reviewer == reviewer)
        others = select(labels.c.message_id).where(labels.c.reviewer != reviewer)
        query = (
            select(inbox.c.id, inbox.c.text)
            .where(inbox.c.id.not_in(own))
            .order_by(inbox.c.id.in_(others).desc(), inbox.c.id)
            .limit(1)
        )
        row = await self._database.read(lambda connection: connection.execute(query).one_or_none())
        return row and Unlabelled(row.id, row.text)

    async def set(self, message_id: int, reviewer: str, topic: str) -> None:
        """Record a reviewer's label; a second one corrects it. Raises StudioError if there is no such message."""
        row = {"message_id": message_id, "reviewer": reviewer, "topic": topic, "created_at": self._now()}

        def work(connection: Connection) -> bool:
            if connection.execute(select(inbox.c.id).where(inbox.c.id == message_id)).first() is None:
                return False
            connection.execute(delete(labels).where(labels.c.message_id == message_id, labels.c.reviewer == reviewer))
            connection.execute(insert(labels), row)
            return True

        if not await self._database.write(work):
            raise StudioError(f"There is no message {message_id}.", "'./ims inbox label' shows the next one.")

    async def pairs(self) -> list[Pair]:
        """For each message and each two reviewers who labelled it, what they said."""
        query = select(labels.c.message_id, labels.c.topic).order_by(labels.c.message_id, labels.c.reviewer)
        rows = await self._database.read(lambda connection: connection.execute(query).all())
        by_message: defaultdict[int, list[str]] = defaultdict(list)
        for row in rows:
            by_message[row.message_id].append(row.topic)
        return [pair for said in by_message.values() for pair in combinations(said, 2)]


def kappa(pairs: Sequence[Pair]) -> float:
    """Agreement beyond what chance gives: 1 is always, 0 no more than by chance. 1 where only one label was used."""
    if not pairs:
        return 0.0
    agreed = sum(one == other for one, other in pairs) / len(pairs)
    names = {name for pair in pairs for name in pair}
    chance = (
        sum(sum(one == name for one, _ in pairs) * sum(other == name for _, other in pairs) for name in names)
        / len(pairs) ** 2
    )
    return 1.0 if chance == 1 else (agreed - chance) / (1 - chance)


def agreement(pairs: Sequence[Pair]) -> Agreement:
    """Kappa with a bootstrapped interval."""
    return Agreement(kappa(pairs), bootstrap(pairs, kappa) if pairs else (0.0, 0.0), len(pairs))


def by_topic(pairs: Sequence[Pair]) -> list[TopicAgreement]:
    """Each topic against all others, the worst first."""
    found = []
    for topic in sorted({name for pair in pairs for name in pair} - {NONE}):
        own = [(one, other) for one, other in pairs if topic in (one, other)]
        against = [(str(one == topic), str(other == topic)) for one, other in pairs]
        others = [name for pair in own for name in pair if name != topic]
        mixed = max(sorted(set(others)), key=others.count, default="")
        whole = agreement(against)
        found.append(TopicAgreement(topic, Agreement(whole.kappa, whole.interval, len(own)), mixed))
    return sorted(found, key=lambda each: each.agreement.kappa)


def badly_defined(
    agreed: Sequence[TopicAgreement], f1: Mapping[str, float], least_agreement: float, least_f1: float, least: int = 5
) -> dict[str, str]:
    """Topics that have to be told apart better, each with the reason in words."""
    told = {}
    for each in agreed:
        if each.agreement.messages >= least and each.agreement.kappa < least_agreement:
            mixed = f", most often taken for {each.mixed_up_with}" if each.mixed_up_with else ""
            told[each.topic] = f"reviewers do not agree (kappa {each.agreement.kappa:.2f}{mixed})"
    for topic, value in f1.items():
        if value < least_f1:
            why = f"often mixed up when unseen (F1 {value:.2f})"
            told[topic] = f"{told[topic]}; {why}" if topic in told else why
    return told
