"""A job of publishing, started by the studio: `python -m gateway.studio.publishing.publish_job publish|facts|rollback
BY`.
"""

from __future__ import annotations

import sys

from gateway.settings import Settings
from gateway.studio.errors import StudioError
from gateway.studio.publishing.facts import publish_facts
from gateway.studio.publishing.publishing import DONE, Publishing


def main() -> int:
    """Run it; exit code 0 if it is done."""
    what, by = sys.argv[1:]
    publishing = Publishing(Settings.from_environment())
    try:
        if what == "facts":
            job = publish_facts(publishing, by)
        else:
            job = publishing.publish(by) if what == "publish" else publishing.rollback(by)
    except StudioError as error:
        print(error, file=sys.stderr)
        return 1
    return 0 if job.state == DONE else 1


if __name__ == "__main__":
    sys.exit(main())
