"""The red-flag net: notices emergencies in what a patient types, before anything else looks at it.

    net = Net.load(Path("data"))
    finding = net.check("its hard to breathe since the needles")
    finding.level, finding.sign, finding.reply

Two halves read each message. The rules are data (`data/lexicon/red_flag*.yml`): `words` reads a message as lexicon
words, `patterns` says what a rule looks like, `context` decides what is really meant (medspaCy ConText), `net` applies
them. The other half (`danger/`) was learned from examples. `both` puts the two together.
"""

from safety.both import Net
from safety.net import LEVELS, READ_TOGETHER, Finding, Level, Rules, RulesError, SafetyNet

__all__ = ["LEVELS", "READ_TOGETHER", "Finding", "Level", "Net", "Rules", "RulesError", "SafetyNet"]
