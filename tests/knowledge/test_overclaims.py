"""What the five documents promise too much is caught; what an answer says in truth is not."""

from __future__ import annotations

from pathlib import Path

import pytest

from knowledge.overclaims import Overclaim, read_overclaims

# The overclaim at the heart of each claim, in a few words of our own or of the claim: id, wording
OVERCLAIMS = [
    ("F007", "IMS is a total system to diagnose and treat it."),
    ("F009", "It can help to prevent injuries."),
    ("F011", "It is an effective treatment for nerve pain."),
    ("F012", "This is an advanced treatment."),
    ("F012", "It is highly effective."),
    ("F013", "Dry needling is effective for chronic pain."),
    ("F014", "Many problems are now successfully treated."),
    ("F016", "Treatment can be quite successful."),
    ("F018", "This is an evidence-based approach."),
    ("F019", "You can get complete pain relief."),
    ("F020", "One treatment made a huge difference."),
    ("F021", "It is particularly effective for trigger points."),
    ("F021", "It fixes trigger points in a lasting way."),
    ("F026", "The model is now supported by many experts."),
    ("F041", "Tests will show that there is nothing wrong."),
    ("F042", "This pain is invisible to scans."),
    ("F052", "The nerves will fully recover."),
    ("F056", "These problems are all physiologically the same."),
    ("F058", "More than 90% are fully functional within eight weeks."),
    ("F059", "They get well regardless of treatment."),
    ("F063", "Painkillers only mask the pain."),
    ("F063", "Painkillers promote toxicity."),
    ("F064", "Neuropathy only responds to needles."),
    ("F102", "It raises metabolic energy in the nerve."),
    ("F102", "It works through axoplasmic flow."),
    ("F104", "Blood brings a healing factor to the tissue."),
    ("F111", "It boosts collagen production."),
    ("F127", "In a normal muscle the needle is painless."),
    ("F131", "You will learn to welcome this sensation."),
    ("F132", "It is a good pain."),
    ("F134", "You need to feel this cramp."),
    ("F134", "It gives lasting relief."),
    ("F135", "Effects are usually experienced immediately."),
    ("F135", "Usually an immediate change is noted."),
    ("F136", "The benefit is generally quite rapid."),
    ("F140", "Eventually the condition is healed."),
    ("F140", "In the end the pain is resolved."),
    ("F140", "Then the pain disappears."),
    ("F141", "You are back to where you were before the pain."),
    ("F147", "Treatments are safe to perform within days of each other."),
    ("F152", "The ache is a good reaction."),
    ("F159", "It has few side effects."),
    ("F176", "Acupuncture is not based on modern science."),
    ("F177", "Meridians are non-scientific."),
]

FORBIDDEN = [
    "It cures pain.",
    "IMS is safe.",
    "It is proven to work.",
    "There are no side effects.",
    "Results are guaranteed.",
    "It works for everyone.",
    "You will be pain free.",
    "It always works.",
    "It is better than massage.",
    "It will not hurt.",
    "You can stop your medicine.",
    "You can skip the scan.",
    "You have nerve pain.",
    "There is no doubt that it cures.",
]

ALLOWED = [
    "No one can promise a cure.",
    "It does not cure arthritis.",
    "This has not been proven.",
    "There is no good proof that it prevents injury.",
    "It is not painless for everyone.",
    "Ask your physio if it is safe for you.",
    "It may ease pain for a time. It does not help everyone.",
    "Small side effects are common. Serious ones are rare.",
    "Do not stop your medicine. Ask your doctor.",
    "Some people feel a change right away.",
    "One source says that you end up healed. Studies do not show this.",
    "Two sources say the pain is gone in the end. One adds more. We do not repeat that.",
    "Only an exam can say if you have nerve pain.",
    "Nerves may fully recover.",
    "If you have nerve pain, ask your physio.",
]


@pytest.fixture(scope="module")
def overclaims() -> tuple[Overclaim, ...]:
    return read_overclaims(Path("data/lexicon/overclaims.yml"), [])


@pytest.mark.parametrize("claim, text", OVERCLAIMS)
def test_the_overclaims_of_the_documents_are_caught(overclaims: tuple[Overclaim, ...], claim: str, text: str) -> None:
    assert any(overclaim.find(text) for overclaim in overclaims)


@pytest.mark.parametrize("text", FORBIDDEN)
def test_promises_are_caught(overclaims: tuple[Overclaim, ...], text: str) -> None:
    assert any(overclaim.find(text) for overclaim in overclaims)


@pytest.mark.parametrize("text", ALLOWED)
def test_the_truth_is_let_through(overclaims: tuple[Overclaim, ...], text: str) -> None:
    assert [found for overclaim in overclaims if (found := overclaim.find(text))] == []


def test_every_phrase_says_why_and_what_to_write_instead(overclaims: tuple[Overclaim, ...]) -> None:
    assert all(overclaim.reason and overclaim.suggestion for overclaim in overclaims)
