"""A headless Chromium over its debugging pipe (the Chrome DevTools Protocol on two descriptors): standard library only.
https://chromedevtools.github.io/devtools-protocol/"""
import base64
import json
import os
import select
import shutil
import subprocess
import tempfile
import time

import harness


def find():
    return next((path for path in map(shutil.which, ("chromium", "chromium-browser", "google-chrome")) if path), None)


def shot(browser, name):
    """Kept where GOSSIPCTL_SCREENSHOTS says, for people to look at; no test reads them."""
    if folder := os.environ.get("GOSSIPCTL_SCREENSHOTS"):
        os.makedirs(folder, exist_ok=True)
        browser.screenshot(os.path.join(folder, f"{name}.png"))


class Chromium:
    def __init__(self, width=1400, height=900):
        self.folder = tempfile.mkdtemp(prefix="gossip-chromium-")
        to_browser, self.out = os.pipe()
        self.input, from_browser = os.pipe()

        def hand_over():  # the browser reads 3 and writes 4
            spare = [os.dup2(to_browser, 20), os.dup2(from_browser, 21)]
            os.dup2(spare[0], 3)
            os.dup2(spare[1], 4)

        self.process = subprocess.Popen(
            [find(), "--headless=new", "--no-sandbox", "--disable-gpu", "--remote-debugging-pipe", "--no-first-run",
             "--disable-background-networking", "--disable-component-update", f"--window-size={width},{height}",
             f"--user-data-dir={self.folder}"],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, close_fds=False,
            preexec_fn=hand_over)
        os.close(to_browser)
        os.close(from_browser)
        self.buffer = b""
        self.last = 0
        self.events = []
        target = self.call("Target.createTarget", {"url": "about:blank"})["targetId"]
        self.session = None
        self.session = self.call("Target.attachToTarget", {"targetId": target, "flatten": True})["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.call(f"{domain}.enable")

    session = None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        os.close(self.out)
        os.close(self.input)
        self.process.kill()
        self.process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)

    def read(self, deadline):
        while b"\0" not in self.buffer:
            ready, _, _ = select.select([self.input], [], [], max(0, deadline - time.monotonic()))
            data = os.read(self.input, 1 << 16) if ready else b""
            if not data:
                raise harness.Failed("Chromium does not answer")
            self.buffer += data
        message, self.buffer = self.buffer.split(b"\0", 1)
        return json.loads(message)

    def call(self, method, parameters=None, timeout=60):
        self.last += 1
        message = {"id": self.last, "method": method, "params": parameters or {}}
        if self.session:
            message["sessionId"] = self.session
        os.write(self.out, json.dumps(message).encode() + b"\0")
        deadline = time.monotonic() + timeout
        while True:
            answer = self.read(deadline)
            if answer.get("id") == self.last:
                if "error" in answer:
                    raise harness.Failed(f"{method}: {answer['error']}")
                return answer["result"]
            self.events.append(answer)

    def open(self, url):
        self.call("Page.navigate", {"url": url})

    def evaluate(self, expression):
        result = self.call("Runtime.evaluate", {"expression": expression, "returnByValue": True, "awaitPromise": True})
        if "exceptionDetails" in result:
            raise harness.Failed(f"{expression}: {result['exceptionDetails']}")
        return result["result"].get("value")

    def until(self, expression, timeout=20):
        """Awaits a true value of an expression; one that throws, as on a page that is loading, is not true yet."""
        def attempt():
            try:
                return self.evaluate(expression)
            except harness.Failed:
                return None
        return harness.until(attempt, timeout, expression)

    def press(self, key):
        text = {"text": "\r" if key == "Enter" else key} if key == "Enter" or len(key) == 1 else {}
        for kind in ("keyDown", "keyUp"):
            self.call("Input.dispatchKeyEvent", {"type": kind, "key": key, **text})

    def middle(self, selector):
        return self.evaluate("(b => [b.x + b.width / 2, b.y + b.height / 2])"
                             f"(document.querySelector({json.dumps(selector)}).getBoundingClientRect())")

    def click(self, selector, button="left", shift=False):
        """The middle of an element, with a real mouse press."""
        x, y = self.middle(selector)
        for kind in ("mousePressed", "mouseReleased"):
            self.mouse(kind, x, y, button, shift)

    def mouse(self, kind, x, y, button="left", shift=False):
        self.call("Input.dispatchMouseEvent", {"type": kind, "x": x, "y": y, "button": button, "clickCount": 1,
                                               "modifiers": 8 if shift else 0})

    def screenshot(self, path):
        data = self.call("Page.captureScreenshot", {"format": "png"})["data"]
        with open(path, "wb") as file:
            file.write(base64.b64decode(data))

    def complaints(self):
        """What the page said was wrong: uncaught exceptions, refused loads, policy violations."""
        found = []
        for event in self.events:
            if event.get("method") == "Runtime.exceptionThrown":
                found.append(event["params"]["exceptionDetails"])
            if event.get("method") == "Log.entryAdded" and event["params"]["entry"]["level"] == "error":
                found.append(event["params"]["entry"]["text"] + " " + event["params"]["entry"].get("url", ""))
        return found

    def hosts(self):
        """Where requests went."""
        urls = [e["params"]["request"]["url"] for e in self.events if e.get("method") == "Network.requestWillBeSent"]
        return {url.split("/")[2] for url in urls if not url.startswith(("about:", "data:"))}
