"""Jobs of publishing, each a process of its own that ends with the gateway."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path


class Jobs:
    """Starts them; what they print goes to a log."""

    def __init__(self, logs: Path) -> None:
        self._logs = logs
        self._last: subprocess.Popen[bytes] | None = None

    @property
    def alive(self) -> bool:
        """Whether one that was started here is at work."""
        return self._last is not None and self._last.poll() is None

    def start(self, what: str, by: str, *about: str) -> None:
        """Start one, `about` a model or topics. From the main thread, as it ends with the thread that started it."""
        self._logs.mkdir(parents=True, exist_ok=True)
        job = (sys.executable, "-m", "gateway.studio.publishing.publish_job", what, by, *about)
        with (self._logs / "publish.log").open("ab") as output:
            self._last = subprocess.Popen(
                (sys.executable, "-m", "gateway.operations.child", str(os.getpid()), *job),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
