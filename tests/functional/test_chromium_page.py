"""The page in a real browser. Skipped where there is no Chromium (Debian's package will do)."""
import contextlib
import socket
import threading
import unittest

import chromium
import harness
from chromium import shot
from harness import SLOW, TestCase
from test_page import MARKUP, Page

MODEL = "gossipctl.model"
SHOWN = "document.querySelector('#output').textContent"
ITEMS = "[...document.querySelectorAll('#menu code')].map(e => e.textContent)"


@unittest.skipUnless(chromium.find(), "there is no Chromium")
class InBrowser(TestCase):
    def opened(self, page, browser, token=True, port=None):
        browser.open(f"http://127.0.0.1:{port or page.port}/" + (f"#token={page.token}" if token else ""))
        browser.until("document.querySelectorAll('g.node').length > 0 && "
                      "document.querySelector('#connection').className === 'live'")

    def row(self, port, what="textContent"):
        return f"[...document.querySelectorAll('#rows tr')].find(r => r.cells[0].textContent === '{port}').{what}"

    def test_live_act_reload(self):
        with Page(5) as page, chromium.Chromium() as browser:
            peers = page.network.peers
            self.opened(page, browser)
            browser.until(f"{MODEL}.nodes.size === 8")
            browser.until("document.querySelectorAll('#rows tr').length === 8")
            browser.until("document.querySelectorAll('g.node.seed').length === 3")
            # By the keyboard: the row is focused, which selects it, and k kills.
            browser.evaluate(self.row(peers[2], "focus()"))
            browser.until(f"document.querySelector('#node-title').textContent === 'Peer {peers[2]}: alive'")
            browser.press("k")
            browser.until(f"[...{MODEL}.lines].some(l => l.text.startsWith('{peers[2]} removed: dead'))", 30)
            browser.until(f"document.querySelector('#output').textContent.includes('gossip> kill {peers[2]}')")
            browser.until(self.row(peers[2], "querySelector('td.condition').textContent") + " === 'killed'")
            browser.until(f"document.querySelector('#log').textContent.includes('{peers[2]} removed')")
            shot(browser, "killed")
            # With the mouse: the second button of the selected node stops it.
            browser.evaluate(self.row(peers[3], "click()"))
            browser.until(f"document.querySelector('#actions').textContent.includes('pause {peers[3]}')")
            browser.click("#actions button:nth-child(3)")
            browser.until(self.row(peers[3], "querySelector('td.condition').textContent") + " === 'paused'")
            browser.click("#actions button:nth-child(4)")
            browser.until(self.row(peers[3], "querySelector('td.condition').textContent") + " !== 'paused'")
            # What is shown after a reload is what was shown before it.
            page.network.do(f"wait agree {10 * SLOW}s")
            page.network.do(f"wait registered == 4 {20 * SLOW}s")
            page.network.do(f"wait connected {20 * SLOW}s")
            self.same_as_manager(page, browser)
            browser.call("Page.reload")
            browser.until("document.readyState === 'complete' && document.querySelectorAll('#rows tr').length === 8")
            self.same_as_manager(page, browser)
            browser.until("document.querySelector('#read-only').hidden")
            self.assertNotIn("token", browser.evaluate("location.href"))
            self.assertEqual(browser.complaints(), [])
            self.assertEqual(browser.hosts(), {f"127.0.0.1:{page.port}"})

    def same_as_manager(self, page, browser):
        def same():
            shown = browser.evaluate(f"[...{MODEL}.nodes.values()].map(({{t, ...n}}) => n)")
            return {n["id"]: n for n in shown} == {n["id"]: n for n in page.state()["nodes"]}
        harness.until(same, 10, "the page's model equal to /api/state")

    def test_every_act_by_menu_mouse_and_keyboard(self):
        with Page(5) as page, chromium.Chromium() as browser:
            self.opened(page, browser)
            page.network.do(f"wait connected {20 * SLOW}s")
            browser.until("[...gossipctl.graph.places.values()].every(p => p.x === p.toX && p.y === p.toY)")
            a, b, c = page.network.peers[:3]
            self.one_node(browser, a)
            self.several_nodes(browser, b, c)
            self.all_nodes_and_none(browser)
            self.assertEqual(browser.complaints(), [])

    def one_node(self, browser, a):
        # The right button on a node: what can be done to it, each as the command it is.
        browser.click(self.mark(browser, a), "right")
        browser.until("!document.querySelector('#menu').hidden")
        verbs = ("kill", "stop", "pause", "restart", "say", "partition", "delay", "loss", "heal")
        self.assertEqual([item.strip() for item in browser.evaluate(ITEMS)], [f"{verb} {a}" for verb in verbs])
        shot(browser, "menu")
        for key in ("ArrowDown", "ArrowDown", "Enter"):
            browser.press(key)
        browser.until(self.row(a, "querySelector('td.condition').textContent") + " === 'paused'")
        browser.until(SHOWN + f".includes('gossip> pause {a}')")
        # By the keyboard alone: the menu of the selected node; the argument is asked for in the shell's line.
        browser.evaluate(self.row(a, "focus()"))
        browser.press("u")
        browser.until(self.row(a, "querySelector('td.condition').textContent") + " !== 'paused'")
        browser.press("m")
        for key in ("End", "ArrowUp", "ArrowUp", "Enter"):
            browser.press(key)
        browser.until("document.activeElement.id === 'command-text'")
        self.assertEqual(browser.evaluate("document.activeElement.value"), f"delay {a} 50ms")
        browser.call("Input.insertText", {"text": "20ms"})
        browser.press("Enter")
        browser.until(f"{MODEL}.faults.some(f => f.text === 'delay {a} 20ms')")

    def several_nodes(self, browser, b, c):
        # Several nodes: with shift, and g by the keyboard; cut off together, healed from the faults' panel.
        browser.click(self.mark(browser, b), shift=True)
        browser.until("gossipctl.group.size === 1")
        browser.evaluate(self.row(c, "focus()"))
        browser.press("g")
        browser.until(f"document.querySelector('#group').textContent.startsWith('Group: {b}, {c}.')")
        browser.press("m")
        browser.until(ITEMS + f".includes('partition {b},{c}')")
        browser.evaluate("[...document.querySelectorAll('#menu button')]"
                         ".find(e => e.textContent.startsWith('partition')).click()")
        browser.until(f"{MODEL}.faults.some(f => f.text === 'partition {b},{c}')")
        browser.press("8")
        browser.until("document.querySelector('#panel').textContent.includes('nodes have impaired links')")
        shot(browser, "panel-faults-live")
        # What is only pressed on, as a scroll bar is, holds nothing up.
        x, y = browser.middle("#panel .note")
        browser.mouse("mousePressed", x, y)
        self.assertFalse(browser.evaluate("gossipctl.panels.held"))
        browser.mouse("mouseReleased", x, y)
        # A click whose button is drawn anew between press and release is one nevertheless.
        x, y = browser.middle("#panel button")
        browser.mouse("mousePressed", x, y)
        browser.evaluate("gossipctl.panels.refresh()")
        browser.mouse("mouseReleased", x, y)
        browser.until("document.querySelector('#panel').textContent.includes('No link is impaired')")

    def all_nodes_and_none(self, browser):
        # A frame drawn around all of them; Escape lets them go. The background's menu adds a peer.
        left, top, width, height = browser.evaluate(
            "(b => [b.x, b.y, b.width, b.height])(document.querySelector('#graph').getBoundingClientRect())")
        browser.mouse("mousePressed", left + 2, top + 68)
        browser.mouse("mouseMoved", left + width - 4, top + height - 4)
        browser.mouse("mouseReleased", left + width - 4, top + height - 4)
        browser.until("gossipctl.group.size === 5")
        browser.press("Escape")
        browser.until("gossipctl.group.size === 0")
        browser.mouse("mousePressed", left + 6, top + 106, "right")
        browser.mouse("mouseReleased", left + 6, top + 106, "right")
        browser.until(ITEMS + ".join() === 'add ,heal,churn '")
        browser.press("Enter")
        browser.press("Enter")
        browser.until(f"{MODEL}.nodes.size === 9")
        browser.until(SHOWN + ".includes('gossip> add 1')")

    def test_two_viewers_see_the_same_and_one_acts(self):
        with Page(3) as page, chromium.Chromium() as one, chromium.Chromium() as other:
            self.opened(page, one)
            self.opened(page, other, token=False)
            peer = page.network.peers[1]
            one.evaluate(self.row(peer, "focus()"))
            one.press("k")
            for browser in (one, other):
                browser.until(f"{MODEL}.lines.some(l => l.text.startsWith('{peer} removed: dead'))", 30)
            page.network.do(f"wait agree {10 * SLOW}s")
            page.network.do(f"wait connected {20 * SLOW}s")
            for browser in (one, other):
                self.same_as_manager(page, browser)
            # What detection came to is the same for both, and for who comes only now.
            steps = "(d => [d.how, d.ended, d.suspected, d.removed])(gossipctl.view.detections().cases[0])"
            harness.until(lambda: one.evaluate(steps) == other.evaluate(steps), 20, "both viewers' steps are the same")
            seen = one.evaluate(steps)
            self.assertEqual(seen[0], "killed")
            self.assertGreater(seen[3], seen[1])
            other.call("Page.reload")
            other.until("document.readyState === 'complete' && window.gossipctl?.view.detections().cases.length === 1")
            harness.until(lambda: other.evaluate(steps) == seen, 20, "the steps are the same for who comes later")

    def mark(self, browser, port):
        """Of a node in the graph, a selector."""
        browser.evaluate(f"[...document.querySelectorAll('g.node')].find(g => g.textContent.startsWith('{port}'))"
                         f".querySelector('path').id = 'mark-{port}'")
        return f"#mark-{port}"

    def test_markup_is_shown_as_it_was_typed(self):
        with Page(3) as page, chromium.Chromium() as browser:
            self.opened(page, browser)
            browser.evaluate(self.row(page.network.peers[0], "focus()"))
            browser.until("!document.querySelector('#say').hidden")
            browser.press("s")
            browser.until("document.activeElement.id === 'say-text'")
            browser.call("Input.insertText", {"text": MARKUP})
            browser.press("Enter")
            browser.until(f"{MODEL}.lines.some(l => l.mark === '=')")
            browser.until("document.querySelector('#log').textContent.includes(\"<script>alert('2')</script>\")")
            self.assertEqual(browser.evaluate("document.querySelectorAll('main img, main script').length"), 0)
            shot(browser, "markup")
            self.assertEqual(browser.complaints(), [])

    def test_without_the_token_it_only_shows(self):
        with Page(2) as page, chromium.Chromium() as browser:
            self.opened(page, browser, token=False)
            browser.evaluate(self.row(page.network.peers[0], "focus()"))
            browser.until("document.querySelectorAll('#actions button').length === 5")
            self.assertEqual(browser.evaluate("document.querySelectorAll('#actions button:enabled').length"), 0)
            self.assertFalse(browser.evaluate("document.querySelector('#read-only').hidden"))
            browser.press("k")
            page.network.do("expect registered == 2")
            self.assertEqual(browser.evaluate("document.querySelector('#output').textContent"), "")

    def test_opened_late_it_knows_the_past(self):
        with Page(3) as page, chromium.Chromium() as early, chromium.Chromium() as late:
            self.opened(page, early)
            said = page.network.say(page.network.peers[0], "before you came")
            page.network.do(f"wait reached {said} == all {20 * SLOW}s")
            page.network.do(f"kill {page.network.peers[2]}")
            page.network.do(f"wait removed {page.network.peers[2]} {20 * SLOW}s")
            page.network.do(f"wait agree {10 * SLOW}s")
            self.opened(page, late)
            # Votes of the bring-up are there, with their outcome; and who had the message.
            votes = "gossipctl.view.votes().cases.map(c => [c.subject, c.add, c.outcome, [...c.votes].sort()])"
            late.until("gossipctl.view.votes().cases.filter(c => c.outcome === 'approved').length === 4")
            harness.until(lambda: early.evaluate(votes) == late.evaluate(votes), 20, "the same votes, early and late")
            message = "(m => [m.text, m.targets.size, m.receipts.size])(gossipctl.view.spread().find(null))"
            self.assertEqual(late.evaluate(message), ["before you came", 3, 2])
            self.assertEqual(early.evaluate(message), late.evaluate(message))
            # Back to before it was opened; then it is not called live.
            late.press("Home")
            late.until("document.querySelector('#connection').textContent === 'in the past'")
            self.assertEqual(late.evaluate("gossipctl.view.votes().cases.length"), 0)
            late.press("End")
            late.until("document.querySelector('#connection').textContent === 'live'")
            # The network ends: both say so, and are its replay.
            page.network.finish()
            for browser in (early, late):
                browser.until("document.querySelector('#connection').className === 'over'")
                browser.until("document.querySelector('#caption').textContent.includes('The network has ended') && "
                              "document.querySelector('#caption').textContent.includes('gossipctl replay ')")
                state = "gossipctl.model.nodes.get('" + harness.name(page.network.peers[0]) + "').state"
                self.assertEqual(browser.evaluate(state), "alive")
                browser.press(",")
                browser.press(" ")
                browser.until("gossipctl.clock.mode === 'paused' && gossipctl.clock.atEnd")
                self.assertEqual(browser.complaints(), [])

    def test_it_goes_on_after_an_interruption(self):
        with Page(3) as page, Tunnel(page.port) as tunnel, chromium.Chromium() as browser:
            self.opened(page, browser, port=tunnel.port)
            tunnel.cut()
            browser.until("document.querySelector('#connection').className === 'lost'")
            page.run(f"kill {page.network.peers[1]}")
            page.network.do(f"wait removed {page.network.peers[1]} {20 * SLOW}s")
            tunnel.mend()
            browser.until("document.querySelector('#connection').className === 'live'", 30)
            browser.until(f"{MODEL}.lines.some(l => l.text.startsWith('{page.network.peers[1]} removed'))", 30)
            self.same_as_manager(page, browser)
            # Each line once: what was missed, and no more.
            lines = browser.evaluate(f"{MODEL}.lines.map(l => l.text)")
            self.assertEqual(lines, [line["text"] for line in page.state()["lines"]])


class Tunnel:
    """Another way to the page that can be cut: connections end, new ones end at once."""

    def __init__(self, target):
        self.target = target
        self.listener = socket.create_server((harness.HOST, 0))
        self.port = self.listener.getsockname()[1]
        self.open = True
        self.sockets = []
        threading.Thread(target=self.serve, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.cut()
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()

    def serve(self):
        while True:
            try:
                client = self.listener.accept()[0]
            except OSError:
                return
            if not self.open:
                client.close()
                continue
            server = socket.create_connection((harness.HOST, self.target))
            self.sockets += [client, server]
            for a, b in ((client, server), (server, client)):
                threading.Thread(target=self.pump, args=(a, b), daemon=True).start()

    @staticmethod
    def pump(source, sink):
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                sink.sendall(data)
        for end in (source, sink):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
        source.close()

    def cut(self):
        self.open = False
        for end in self.sockets:
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
        self.sockets = []

    def mend(self):
        self.open = True


if __name__ == "__main__":
    harness.main()
