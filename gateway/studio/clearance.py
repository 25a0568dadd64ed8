"""What is new in data/ against what patients get now, and what has to be done before it may be published."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from gateway.settings import Settings
from gateway.studio import regressions
from gateway.studio.approvals import Approval, Approvals, change_id, changed_rules
from gateway.studio.errors import StudioError
from gateway.studio.history import History
from gateway.studio.topic_file import TopicFile
from gateway.training import Manifest, ModelRefused, Models
from knowledge import Knowledge, Topic

NEW, TEXT, EXAMPLES, RETIRED = "new", "text", "examples", "retired"
OUTSIDE = "its text was changed outside the studio after it was signed, or its signature was typed in."
MOST = 20  # problems of the data that are told


@dataclass(frozen=True)
class ChangedTopic:
    """A topic that is not what patients get now: how it differs, who signed it, and what keeps it from them."""

    name: str
    title: str
    how: str
    signed: str
    hinders: str


@dataclass(frozen=True)
class Clearance:
    """All that is new, and all that hinders. `rules` are changed files that need four eyes, `change` their id."""

    in_use: Manifest | None
    topics: tuple[ChangedTopic, ...]
    rules: tuple[str, ...]
    change: str
    approval: Approval | None
    cases: int
    hinders: tuple[str, ...]

    @property
    def clear(self) -> bool:
        return not self.hinders


class Clearances:
    """Looks at data/ as it is now."""

    def __init__(self, settings: Settings, models: Models, today: Callable[[], date] = date.today) -> None:
        self._data = settings.data
        self._models = models
        self._today = today
        self.approvals = Approvals(settings.var / "studio")
        self._history = History(settings.var / "studio" / "versions", settings.data / "answers")

    def published(self) -> tuple[Manifest, Path]:
        """The model in use and its data; StudioError if that is not known."""
        try:
            manifest = self._models.in_use()
        except ModelRefused as error:
            raise StudioError(str(error)) from error
        data = self._models.data_of(manifest) if manifest else None
        if manifest is None or data is None:
            raise StudioError(
                "What patients get now is not kept, so nothing can be compared with it. "
                "What to do: run './ims train' once, with the data as it was signed last."
            )
        return manifest, data

    def look(self) -> Clearance:
        """What is new, and what hinders."""
        try:
            manifest, before = self.published()
        except StudioError as error:
            return Clearance(None, (), (), "", None, 0, (str(error),))
        knowledge, problems = Knowledge.read(self._data)
        if knowledge is None or problems:
            told = tuple(map(str, sorted(problems)[:MOST]))
            return Clearance(manifest, (), (), "", None, 0, told)
        topics = tuple(self._topics(Knowledge.load(before), knowledge))
        rules, change = tuple(changed_rules(before, self._data)), change_id(before, self._data)
        approval = self.approvals.of(change) if rules else None
        hinders = [f"{topic.title}: {topic.hinders}" for topic in topics if topic.hinders]
        if rules and not (approval and approval.approver):
            by = f"put forward by {approval.author_name}" if approval else "not put forward yet"
            hinders.append(f"{', '.join(rules)}: changed rules need four eyes ({by}).")
        cases = 0
        try:
            cases = len(regressions.live_cases(self._data))
            hinders += [
                f"The case '{case.message}' ({case.topic}) is gone. "
                "What to do: put it back; './ims regressions retire' keeps it with a reason."
                for case in regressions.missing(before, self._data)
            ]
        except StudioError as error:
            hinders.append(str(error))
        return Clearance(manifest, topics, rules, change, approval, cases, tuple(hinders))

    def _topics(self, before: Knowledge, now: Knowledge) -> list[ChangedTopic]:
        found = []
        for name in sorted({*before.topics, *now.topics}):
            old, new = before.topics.get(name), now.topics.get(name)
            if new is None:
                assert old is not None
                found.append(ChangedTopic(name, old.title, RETIRED, "", ""))
            elif old is None or old.version != new.version:
                how = NEW if old is None else TEXT
                signed = f"{new.reviewer}, {new.reviewed}" if new.reviewer else ""
                found.append(ChangedTopic(name, new.title, how, signed, self._unsigned(new)))
            elif old.examples != new.examples:
                found.append(ChangedTopic(name, new.title, EXAMPLES, "", ""))
        return found

    def _unsigned(self, topic: Topic) -> str:
        """Why the text of a topic may not go to patients; empty if it may."""
        if topic.lapsed:
            return OUTSIDE
        if not topic.reviewer or topic.reviewed is None:
            return "its text is not signed by a clinical reviewer."
        if topic.expired(self._today()):
            return f"its review-by date, {topic.review_by}, is over."
        if topic.reviewed > self._today():
            return f"it is signed on a day to come, {topic.reviewed}."
        file = TopicFile(topic.name, topic.file.read_bytes().decode("utf-8"))
        if not any(_read(version.text, topic.name) == _seen(file) for version in self._history.of(topic.name)):
            return OUTSIDE
        return ""


def _seen(file: TopicFile) -> object:
    """What patients read, with the signature under it."""
    return file.title, file.short, file.more, file.sources, file.review


def _read(text: str | None, name: str) -> object:
    try:
        return _seen(TopicFile(name, text)) if text else None
    except StudioError:
        return None
