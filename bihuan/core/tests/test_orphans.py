"""Nobody stays behind when the parent is killed."""

import signal
import subprocess
import sys

import pytest

CHILD = """
import signal, sys, threading
from bihuan.core.orphans import end_with_parent
end_with_parent(signal.{how})
print("ready", flush=True)
threading.Event().wait(60)
"""
PARENT = """
import subprocess, sys
child = subprocess.Popen([sys.executable, "-c", sys.argv[1]])
child.wait()
"""


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells children of the end of their parent")
@pytest.mark.parametrize("how", ["SIGTERM", "SIGKILL"])
def test_a_child_ends_when_its_parent_is_killed(how):
    parent = subprocess.Popen(
        [sys.executable, "-c", PARENT, CHILD.format(how=how)], stdout=subprocess.PIPE, text=True
    )
    assert parent.stdout.readline() == "ready\n"
    parent.send_signal(signal.SIGKILL)
    parent.wait(timeout=10)
    # Its end of the pipe closes with the child and not before: the read comes back at once instead of after a minute.
    assert parent.communicate(timeout=30) == ("", None)
