"""Runs that are over, and the pages of `gossipctl replay` and `gossipctl demo`."""
import contextlib
import http.client
import json
import re
import subprocess
from pathlib import Path

import harness
from harness import HOST, SLOW, free_ports

RUN = """wait registered == 8 60s
wait connected 30s
say 7000 hello <b>world</b>
wait reached last == all 30s
partition 7001,7002
sleep 500ms
heal
kill 7003
wait removed 7003 60s
sleep 1s
"""


def recorded(folder, script=RUN, *arguments):
    """A simulated run: the same every time."""
    done = subprocess.run([harness.BINARY, "sim", "-", "--seeds", "3", "--peers", "8", "--seed", "42", "--out", "run",
                           *arguments], input=script, capture_output=True, text=True, cwd=folder, timeout=60 * SLOW)
    assert done.returncode == 0, done.stderr
    return Path(folder) / "run"


class Served:
    """gossipctl replay or demo, up."""

    def __init__(self, folder, *arguments):
        self.process = subprocess.Popen([harness.BINARY, *arguments, "--listen", f"{HOST}:{free_ports(1)}"], cwd=folder,
                                        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                        text=True)
        line = self.process.stdout.readline()
        found = re.fullmatch(r"Page: (http://127\.0\.0\.1:(\d+)/(?:#token=([0-9a-f]{32}))?)\n", line)
        assert found, (line, self.process.poll(), self.process.stderr.read() if not line else "")
        self.url, self.port, self.token = found[1], int(found[2]), found[3]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        with contextlib.suppress(ProcessLookupError):
            self.process.kill()
        self.process.communicate()

    def request(self, method, path, body=None, headers=None):
        connection = http.client.HTTPConnection(HOST, self.port, timeout=60 * SLOW)
        connection.request(method, path, body, headers or {})
        response = connection.getresponse()
        answer = response.status, response.read().decode()
        connection.close()
        return answer

    def source(self):
        status, text = self.request("GET", "/api/source")
        assert status == 200, text
        return json.loads(text)
