"""`python -m gateway.operations.child PARENT PROGRAM ...` becomes a program that does not outlive its parent.

Also when the parent is killed so hard that it can stop nothing any more. The kernel sees to that on Linux; elsewhere
the program may live on until it is stopped by hand.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1


def main() -> None:
    """Bind our life to the parent's, then become the program."""
    parent, program = int(sys.argv[1]), sys.argv[2:]
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() == parent:  # else it went before we had asked
        os.execvp(program[0], program)


if __name__ == "__main__":
    main()
