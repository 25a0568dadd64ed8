"""The red-flag net: notices emergencies in what a patient types, before anything else looks at it.

    net = Net.load(Path("data"))
    finding = net.check("its hard to breathe since the needles")
    finding.level, finding.sign, finding.reply

The rules are data (`data/lexicon/red_flag*.yml`). One idea a file: `words` reads a message as lexicon words, `patterns`
says what a rule looks like, `context` decides what is really meant (medspaCy ConText), `net` puts them together.
"""

from safety.net import LEVELS, READ_TOGETHER, Finding, Net, RulesError

__all__ = ["LEVELS", "READ_TOGETHER", "Finding", "Net", "RulesError"]
