"""Debian's Firefox, driven by Marionette, the protocol that it has built in: JSON over a socket, no driver in between.

Playwright drives only a Firefox of its own making, and geckodriver is not packaged with Debian's.
"""

from __future__ import annotations

import json
import socket
import subprocess
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

from tests.support.processes import START, free_port

FIREFOX = Path("/usr/bin/firefox-esr")
ENTER = "\ue007"
ELEMENT = "element-6066-11e4-a52e-4f735466cecf"  # how WebDriver names an element


class Firefox:
    """One window without a screen, with a profile of its own."""

    def __init__(self, profile: Path) -> None:
        port = free_port()
        preferences = {
            "marionette.port": port,
            "browser.shell.checkDefaultBrowser": False,
            "datareporting.policy.dataSubmissionEnabled": False,
            "app.update.enabled": False,
            "network.captive-portal-service.enabled": False,
            "network.connectivity-service.enabled": False,
        }
        lines = [f"user_pref({json.dumps(name)}, {json.dumps(value)});" for name, value in preferences.items()]
        (profile / "user.js").write_text("\n".join(lines), encoding="utf-8")
        command = [str(FIREFOX), "--marionette", "--headless", "--no-remote", "--profile", str(profile)]
        self._process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self._socket = self._connect(port)
        self._stream = self._socket.makefile("rb")
        self._number = 0
        self._read()  # it says hello first
        self.command("WebDriver:NewSession", acceptInsecureCerts=False)

    def _connect(self, port: int) -> socket.socket:
        end = time.monotonic() + START
        while time.monotonic() < end:
            with suppress(OSError):
                return socket.create_connection(("127.0.0.1", port), timeout=START)
            time.sleep(0.1)
        raise AssertionError("Firefox did not open its port")

    def _read(self) -> Any:
        length = b""
        while (character := self._stream.read(1)) != b":":
            assert character, "Firefox has gone"
            length += character
        return json.loads(self._stream.read(int(length)))

    def command(self, name: str, **parameters: Any) -> Any:
        """Send a command of WebDriver; what it gives back."""
        self._number += 1
        message = json.dumps([0, self._number, name, parameters]).encode()
        self._socket.sendall(b"%d:%s" % (len(message), message))
        _, _, error, result = self._read()
        assert error is None, f"{name}: {error}"
        return result.get("value", result) if isinstance(result, dict) else result

    def go(self, address: str) -> None:
        """Load a page."""
        self.command("WebDriver:Navigate", url=address)

    def run(self, script: str, *arguments: Any) -> Any:
        """Run the body of a function in the page."""
        return self.command("WebDriver:ExecuteScript", script=script, args=list(arguments), sandbox=None)

    def wait(self, script: str) -> Any:
        """Wait until the script gives something true; gives that."""
        end = time.monotonic() + START
        while time.monotonic() < end:
            if found := self.run(script):
                return found
            time.sleep(0.05)
        raise AssertionError(f"it did not come true in time: {script}")

    def type(self, script: str, text: str) -> None:
        """Type into the element that the script finds, key by key."""
        self.command("WebDriver:ElementSendKeys", id=self.run(script)[ELEMENT], text=text)

    def close(self) -> None:
        """End it."""
        self._socket.close()
        self._process.terminate()
        self._process.wait(START)
