"""Loads and checks what the assistant knows: the files in ``data/``.

Pure Python on 3.10 and newer with ruamel.yaml alone, so that the engine and the gateway read the same files the same
way. ``Knowledge.load(Path("data"))`` is the way in; ``python -m knowledge.check`` tells trainers what to fix.
"""

from knowledge.answers import SourceRef, SpecificAnswer, Topic, normalise
from knowledge.claims import Claim
from knowledge.clinic import Clinic
from knowledge.fingerprint import data_hash
from knowledge.placeholders import fill
from knowledge.problems import KnowledgeError, Problem, Told
from knowledge.sources import Source
from knowledge.store import Knowledge, load_facts

__all__ = [
    "Claim",
    "Clinic",
    "Knowledge",
    "KnowledgeError",
    "Problem",
    "Source",
    "SourceRef",
    "SpecificAnswer",
    "Told",
    "Topic",
    "data_hash",
    "fill",
    "load_facts",
    "normalise",
]
