"""A job of publishing, started by the studio: `python -m gateway.studio.publishing.publish_job WHAT BY [ABOUT ...]`.

WHAT is `publish`, `facts`, `topics` with their names, `rollback`, or `switch` with the name of a model.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence

from gateway.settings import Settings
from gateway.studio.errors import StudioError
from gateway.studio.publishing import partly
from gateway.studio.publishing.facts import publish_facts
from gateway.studio.publishing.publishing import DONE, Job, Publishing


def run(publishing: Publishing, what: str, by: str, about: Sequence[str] = ()) -> Job:
    """Do what is asked for; how that ended."""
    if what == "facts":
        return publish_facts(publishing, by)
    if what == "topics":
        return partly.publish(publishing, partly.topics(publishing.settings.data, about), by)
    if what == "switch":
        return publishing.switch(by, about[0])
    return publishing.publish(by) if what == "publish" else publishing.rollback(by)


def main() -> int:
    """Run it; exit code 0 if it is done."""
    what, by, *about = sys.argv[1:]
    try:
        job = run(Publishing(Settings.from_environment()), what, by, about)
    except StudioError as error:
        print(error, file=sys.stderr)
        return 1
    return 0 if job.state == DONE else 1


if __name__ == "__main__":
    sys.exit(main())
