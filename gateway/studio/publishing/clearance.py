"""What is new in data/ against what patients get now, and what must be done before it may be published."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date
from functools import lru_cache
from pathlib import Path

from gateway.editions.models import Manifest, ModelRefused, Models
from gateway.settings import Settings
from gateway.studio.differences import ChangedFile, changed_files, differing
from gateway.studio.errors import StudioError
from gateway.studio.publishing.approvals import Approval, Approvals, change_id, changed_rules
from gateway.studio.topics import regressions
from gateway.studio.topics.history import TopicHistory
from gateway.studio.topics.topic_file import TopicFile
from knowledge import Knowledge, SpecificAnswer, Topic

Text = Topic | SpecificAnswer
NEW, TEXT, EXAMPLES, RETIRED = "new", "text", "examples", "retired"
OUTSIDE = "its text was changed outside the studio after it was signed, or its signature was typed in."
MOST = 20  # problems of the data that are told


@dataclass(frozen=True)
class ChangedTopic:
    """A topic, or one of its specific answers, that is not what patients get now: how it differs, who signed it, and
    what keeps it from them.
    """

    name: str
    title: str
    how: str
    signed: str
    missing: str

    @property
    def topic(self) -> str:
        """The topic that it is, or belongs to."""
        return self.name.partition(".")[0]


@dataclass(frozen=True)
class Clearance:
    """All that is new, and all that stands in the way. `rules` are changed files that need a second person, `change`
    their id, and `files` all files that differ.
    """

    in_use: Manifest | None
    topics: tuple[ChangedTopic, ...]
    rules: tuple[str, ...]
    change: str
    approval: Approval | None
    cases: int
    missing: tuple[str, ...]
    files: tuple[ChangedFile, ...] = ()

    @property
    def clear(self) -> bool:
        return not self.missing


class Clearances:
    """Looks at data/ as it is now."""

    def __init__(self, settings: Settings, models: Models, today: Callable[[], date] = date.today) -> None:
        self._data = settings.data
        self._models = models
        self._today = today
        self.approvals = Approvals(settings.var / "studio")
        self._versions = settings.var / "studio" / "versions"

    def published(self) -> tuple[Manifest, Path]:
        """The model in use and its data; StudioError if that is not known."""
        try:
            manifest = self._models.in_use()
        except ModelRefused as error:
            raise StudioError(str(error)) from error
        data = self._models.data_of(manifest) if manifest else None
        if manifest is None or data is None:
            raise StudioError(
                "What patients get now is not kept, so nothing can be compared with it.",
                "run './ims train' once, with the data as it was signed last.",
            )
        return manifest, data

    def look(self) -> Clearance:
        """What is new, and what stands in the way."""
        try:
            manifest, before = self.published()
        except StudioError as error:
            return Clearance(None, (), (), "", None, 0, (str(error),))
        knowledge, problems = Knowledge.read(self._data)
        if knowledge is None or problems:
            told = tuple(map(str, sorted(problems)[:MOST]))
            return Clearance(manifest, (), (), "", None, 0, told, tuple(changed_files(before, self._data)))
        history = TopicHistory(self._versions, self._data / "answers")
        # Reading all of what patients get now is the slow half of this, and says nothing where no topic was touched.
        same = not any(name.startswith("answers/") for name in differing(before, self._data))
        topics = () if same else tuple(self._topics(Knowledge.load(before), knowledge, history))
        rules, change = tuple(changed_rules(before, self._data)), change_id(before, self._data)
        approval = self.approvals.of(change) if rules else None
        missing = [f"{topic.title}: {topic.missing}" for topic in topics if topic.missing]
        if rules and not (approval and approval.approver):
            by = f"put forward by {approval.author_name}" if approval else "not put forward yet"
            missing.append(f"{', '.join(rules)}: changed rules need a second person ({by}).")
        cases = 0
        try:
            cases = len(regressions.live_cases(self._data))
            missing += [
                f"The case '{case.message}' ({case.topic}) is gone. "
                "What to do: put it back; './ims regressions retire' keeps it with a reason."
                for case in regressions.missing(before, self._data)
            ]
        except StudioError as error:
            missing.append(str(error))
        files = tuple(replace(file, guarded=file.name in rules) for file in changed_files(before, self._data))
        return Clearance(manifest, topics, rules, change, approval, cases, tuple(missing), files)

    def _topics(self, before: Knowledge, now: Knowledge, history: TopicHistory) -> list[ChangedTopic]:
        found = []
        for name in sorted({*before.topics, *now.topics}):
            old, new = before.topics.get(name), now.topics.get(name)
            if new is None:
                assert old is not None
                found.append(ChangedTopic(name, old.title, RETIRED, "", ""))
            else:
                parts: dict[str, tuple[Text | None, Text]] = {name: (old, new)}
                for id, answer in new.answers.items():
                    parts[f"{name}.{id}"] = (old and old.answers.get(id), answer)
                found += [self._text(part, *texts, new, history) for part, texts in parts.items() if _differ(*texts)]
                gone = [each for id, each in (old.answers if old else {}).items() if id not in new.answers]
                found += [ChangedTopic(each.name, f"{new.title} {each.title}", RETIRED, "", "") for each in gone]
                if old and old.examples != new.examples:
                    found.append(ChangedTopic(name, new.title, EXAMPLES, "", ""))
        return found

    def _text(self, name: str, old: Text | None, new: Text, topic: Topic, history: TopicHistory) -> ChangedTopic:
        signed = f"{new.reviewer}, {new.reviewed}" if new.reviewer else ""
        title = new.title if new is topic else f"{topic.title} {new.title}"
        return ChangedTopic(name, title, TEXT if old else NEW, signed, self._unsigned(new, topic, history))

    def _unsigned(self, text: Text, topic: Topic, history: TopicHistory) -> str:
        """Why a text of a topic may not go to patients; empty if it may."""
        if text.lapsed:
            return OUTSIDE
        if not text.reviewer or text.reviewed is None:
            return "its text is not signed by a clinical reviewer."
        if text.expired(self._today()):
            return f"its review-by date, {text.review_by}, is over."
        if text.reviewed > self._today():
            return f"its signature is dated in the future, {text.reviewed}."
        id = text.id if isinstance(text, SpecificAnswer) else ""
        file = TopicFile(topic.name, topic.file.read_bytes().decode("utf-8"))
        versions = history.of(topic.name)
        if not any(_read(version.text, topic.name, id) == file.text_of(id) for version in versions):
            return OUTSIDE
        return ""


def _differ(old: Text | None, new: Text) -> bool:
    return old is None or old.version != new.version


def _read(text: str | None, name: str, id: str) -> object:
    """What a version says, with the signature under it; None where it can't be read."""
    file = _parsed(text, name) if text else None
    return file and file.text_of(id)


@lru_cache(maxsize=100)
def _parsed(text: str, name: str) -> TopicFile | None:
    """A version, read once for all of its specific answers."""
    try:
        return TopicFile(name, text)
    except StudioError:
        return None
