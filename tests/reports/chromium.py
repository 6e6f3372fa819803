"""
A headless Chromium, spoken to over its DevTools pipe: no port, no driver, no library.
"""

from __future__ import annotations

import base64
import fcntl
import json
import os
import select
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from harness import clock

INSTALL = "apt-get install -y --no-install-recommends chromium"
_NAMES = ("chromium", "chromium-browser", "google-chrome")
# It looks nothing up, updates nothing, and leaves nothing behind.
_FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--hide-scrollbars",
)
_PATIENCE_S = 60.0


class Page:
    """
    One tab: what it was sent, what it complained of, and what can be asked of it.
    """

    def __init__(self, to_browser: int, from_browser: int) -> None:
        self.requests: list[str] = []
        self.complaints: list[str] = []
        self._to, self._from = to_browser, from_browser
        self._received = b""
        self._calls = 0
        self._session: str | None = None

    def attach(self) -> None:
        """
        Opens an empty tab and listens to it.
        """
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        self._session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.call(f"{domain}.enable")

    def show(self, path: Path, *, width: int, height: int = 900) -> None:
        """
        Opens a file in a window of that many pixels, and waits until its figures are drawn.
        """
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)
        self.call("Page.navigate", url=path.as_uri())
        self.ask(_DRAWN)

    def ask(self, expression: str) -> Any:
        """
        The value of a JavaScript expression, awaited. Raises AssertionError when it throws.
        """
        # As if a person had done it: only they may write to the clipboard.
        how = {"awaitPromise": True, "returnByValue": True, "userGesture": True}
        answer = self.call("Runtime.evaluate", expression=expression, **how)
        assert "exceptionDetails" not in answer, answer["exceptionDetails"]
        return answer["result"].get("value")

    def picture(self, path: Path) -> None:
        """
        Writes the whole page as a PNG.
        """
        shot = self.call("Page.captureScreenshot", captureBeyondViewport=True)
        path.write_bytes(base64.b64decode(shot["data"]))

    def paper(self, path: Path) -> None:
        """
        Writes the page as it is printed, as a PDF on A4.
        """
        pdf = self.call("Page.printToPDF", preferCSSPageSize=True, printBackground=True)
        path.write_bytes(base64.b64decode(pdf["data"]))

    def call(self, method: str, **params: Any) -> Any:
        """
        One DevTools command and its result; events that come meanwhile are noted.
        """
        self._calls += 1
        message = {"id": self._calls, "method": method, "params": params}
        if self._session is not None:
            message["sessionId"] = self._session
        data = json.dumps(message).encode() + b"\0"
        while data:
            data = data[os.write(self._to, data) :]
        deadline_ns = clock.now_ns() + round(_PATIENCE_S * clock.NS_PER_S)
        while True:
            answer = self._receive(deadline_ns, method)
            if answer.get("id") == self._calls:
                assert "error" not in answer, f"{method}: {answer['error']}"
                return answer["result"]
            if "method" in answer:  # else it is late, and its caller has given up
                self._note(answer)

    def _receive(self, deadline_ns: int, method: str) -> Any:
        while b"\0" not in self._received:
            left_s = (deadline_ns - clock.now_ns()) / clock.NS_PER_S
            ready, _, _ = select.select([self._from], [], [], max(0.0, left_s))
            assert ready, f"Chromium did not answer {method} within {_PATIENCE_S:g} s"
            some = os.read(self._from, 1 << 20)
            assert some, "Chromium has ended"
            self._received += some
        message, self._received = self._received.split(b"\0", 1)
        return json.loads(message)

    def _note(self, event: Any) -> None:
        method, params = event["method"], event["params"]
        if method == "Network.requestWillBeSent":
            self.requests.append(params["request"]["url"])
        elif method == "Runtime.exceptionThrown":
            self.complaints.append(str(params["exceptionDetails"]))
        elif method == "Runtime.consoleAPICalled" and params["type"] in ("error", "warning", "assert"):
            self.complaints.append(str(params["args"]))
        elif method == "Log.entryAdded" and params["entry"]["level"] in ("error", "warning"):
            self.complaints.append(str(params["entry"]))


# The page says itself when it has drawn; a page that never does is given up.
_DRAWN = """
new Promise((done, failed) => {
  const look = () => document.body && document.body.dataset.drawn !== undefined && done(true);
  new MutationObserver(look).observe(document, {subtree: true, childList: true, attributes: true});
  setTimeout(() => failed(new Error("its figures were not drawn")), 45000);
  look();
})
"""


# DevTools' pipe is on the descriptors 3 and 4, which only the browser itself may have.
_LAUNCH = "import os, sys; os.dup2({their_in}, 3); os.dup2({their_out}, 4); os.execv(sys.argv[1], sys.argv[1:])"


@contextmanager
def chromium(folder: Path) -> Iterator[Page]:
    """
    A Chromium with a profile of its own in `folder`, and a tab in it. Raises AssertionError where there is none.
    """
    found = next((path for name in _NAMES if (path := shutil.which(name))), None)
    assert found, f"this test needs Chromium: {INSTALL}"
    (their_in, our_out), (our_in, their_out) = _pipe(), _pipe()
    launch = _LAUNCH.format(their_in=their_in, their_out=their_out)
    command = [sys.executable, "-c", launch, found, *_FLAGS, "--remote-debugging-pipe", f"--user-data-dir={folder}"]
    quiet = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    with subprocess.Popen(command, pass_fds=(their_in, their_out), **quiet) as process:
        os.close(their_in)
        os.close(their_out)
        page = Page(our_out, our_in)
        try:
            page.attach()
            yield page
        finally:
            process.terminate()
            process.wait(timeout=20)
            os.close(our_out)
            os.close(our_in)


def _pipe() -> list[int]:
    """
    A pipe's two ends, neither of them where the browser looks for its own.
    """
    ends = os.pipe()
    moved = [fcntl.fcntl(end, fcntl.F_DUPFD_CLOEXEC, 10) for end in ends]
    for end in ends:
        os.close(end)
    return moved
