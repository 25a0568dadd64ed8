"""Find the questions in a message: several in one line, or one at the end of a long story."""

import re
from dataclasses import dataclass
from functools import cache

MAX_QUESTIONS = 4
MIN_WORDS = 2
_SENTENCE = re.compile(r"(?<=[.!?;])\s+|\n+|\s+-\s+")
_ASKS = (
    "how what when where why who which whats hows is are am was were will would does do did can could should shall may "
    "has have any"
)
_OPEN_QUESTION = "how what when where why who whats hows for&how"  # begins a question whatever comes next
_ABOUT = (
    "i it its you u they we there that this these the my our your his her mom's mum's insurance "
    "someone people anyone everyone long much many often soon would could is are does do can should if about icbc wcb"
)
_STATEMENTS = "i&am i'm i&have i've i&take i&also i&faint i&want i'd my tell&me book&me"
_POINTS = "that thats this those these they them there"
POINTS_WITHIN = 6  # words of a part in which one of these points to the part before
SHORT = 24  # words up to which a statement beside a question is read as a second concern
_JOINTS = r",|\band\b|\bn\b|\balso\b|\bplus\b|\bor\b|\bbut\b|\bthen\b|&"
_FILLERS = "actually wait hmm hm um uh er oh ah hang&on hold&on never&mind anyway"
_OPENERS = "so and but or also hi hello hey ok okay well just please then like basically because"
_WISHES = (
    "wondering",
    "wonder",
    "curious",
    "tell me",
    "explain",
    "(?:want|need|like) to know",
    "(?:can|could) you",
    "my question is",
    "asking",
    "not sure",
    "worried",
)


def _any(words: str) -> str:
    return f"(?:{'|'.join(words.split())})".replace("&", " ")


@cache
def _joint(names: tuple[str, ...]) -> re.Pattern[str]:
    about = f"{_any(_ABOUT)}|{_any(' '.join(names))}" if names else _any(_ABOUT)
    return re.compile(
        rf"(?:{_JOINTS})\s*(?:(?:and|also|then|so|if so|if not|{_any(_FILLERS)})\b[,\s]*)*"
        rf"(?={_any(_ASKS)}\s+(?:{about})\b|{_any(_OPEN_QUESTION)}\b|{_any(_STATEMENTS)}\b)"
    )


_POINTER = re.compile(rf"\b{_any(_POINTS)}\b")
_HESITATION = re.compile(rf"^(?:{_any(_FILLERS)}\b[,.\s]*)+")
_QUESTION = re.compile(rf"^(?:{_any(_OPENERS)}[,\s]+)*{_any(_ASKS)}\b")
_BURIED = re.compile(rf"\b(?:{'|'.join(_WISHES)})\b")


@dataclass(frozen=True)
class Segment:
    """One part of a message: its text, whether it asks something, and the part before it (what "that" points to)."""

    text: str
    asks: bool
    before: str = ""

    @property
    def with_before(self) -> str:
        """It with what stands before it."""
        return f"{self.before} {self.text}".strip()

    @property
    def points(self) -> bool:
        """Whether it says little without what stands before it: "what is that"."""
        return len(self.text.split()) <= POINTS_WITHIN and bool(_POINTER.search(self.text))


def split(text: str, names: tuple[str, ...] = ()) -> list[Segment]:
    """The parts of a normalised message in their order; one part when it says one thing.

    `names` are words that the subject goes by: "is ims" begins a question as "is it" does.
    """
    parts: list[str] = []
    for sentence in _SENTENCE.split(text):
        for clause in _joint(names).split(sentence):
            clause = _without_hesitation(clause.strip(" ,;"))
            if len(clause.split()) >= MIN_WORDS:
                parts.append(clause)
            elif parts and clause:
                parts[-1] += " " + clause
            elif clause:
                parts.append(clause)
    return [
        Segment(part, asks=is_question(part), before=parts[number - 1] if number else "")
        for number, part in enumerate(parts)
    ]


def _without_hesitation(clause: str) -> str:
    """The clause without "actually, wait"; as it stands when it says nothing else."""
    return _HESITATION.sub("", clause) or clause


def is_question(text: str) -> bool:
    """Whether a clause asks: a question mark, a question's first word, or a phrase such as "wondering if"."""
    return text.endswith("?") or bool(_QUESTION.search(text)) or bool(_BURIED.search(text))


def names_several(text: str, names: tuple[str, ...] = ()) -> bool:
    """Whether a message may be about several things: it has several parts, or names things side by side ("cost and
    parking"); a joint at its beginning joins nothing.
    """
    inside = re.sub(rf"^\W*(?:{_JOINTS})", "", text.strip(" ,.;!?"))
    return bool(questions(text, names) or re.search(_JOINTS, inside))


def questions(text: str, names: tuple[str, ...] = ()) -> list[Segment]:
    """The parts that ask, at most MAX_QUESTIONS and the last ones of a long message; none if it is a single part.

    Two parts of a short message count both: "i take warfarin, does it hurt" names a worry and asks a question.
    """
    parts = split(text, names)
    if len(parts) < 2:
        return []
    if len(parts) == 2 and len(text.split()) <= SHORT:
        return parts
    return [part for part in parts if part.asks][-MAX_QUESTIONS:]
