"""Nodes of other hosts in networks of their own: two network namespaces, each a veth pair away from the manager's."""
import os
import shutil
import socket
import subprocess
import unittest

import harness
from test_agent import AGENT, agents

MANAGER_IP = "10.213.0.1"
HOSTS = {"h1": "10.213.1.2", "h2": "10.213.2.2"}


def run(*words):
    return subprocess.run(words, check=True, capture_output=True, text=True)


class Namespaces:
    """h1 and h2, each with an interface of its own; routed by the manager's network, which is this process's."""

    def __init__(self):
        self.names = {host: f"gossip-{os.getpid()}-{host}" for host in HOSTS}

    def make(self):
        run("ip", "address", "add", f"{MANAGER_IP}/32", "dev", "lo")
        with open("/proc/sys/net/ipv4/ip_forward", "w") as forward:
            forward.write("1")
        for host, address in HOSTS.items():
            name = self.names[host]
            gateway = address[:-1] + "1"
            run("ip", "netns", "add", name)
            run("ip", "link", "add", f"to-{host}", "type", "veth", "peer", "name", "eth0", "netns", name)
            run("ip", "address", "add", f"{gateway}/24", "dev", f"to-{host}")
            run("ip", "link", "set", f"to-{host}", "up")
            run("ip", "-n", name, "address", "add", f"{address}/24", "dev", "eth0")
            run("ip", "-n", name, "link", "set", "lo", "up")
            run("ip", "-n", name, "link", "set", "eth0", "up")
            run("ip", "-n", name, "route", "add", "default", "via", gateway)

    def remove(self):
        for name in self.names.values():
            subprocess.run(["ip", "netns", "delete", name], capture_output=True)

    def command(self, host):
        return ["ip", "netns", "exec", self.names[host], *AGENT]


def in_network_of_its_own():
    """Only there may interfaces be added: tests/own_network has made one, with nothing but loopback."""
    return os.geteuid() == 0 and shutil.which("ip") is not None and [n for _, n in socket.if_nameindex()] == ["lo"]


def can_make_namespaces():
    name = f"gossip-{os.getpid()}-try"
    made = subprocess.run(["ip", "netns", "add", name], capture_output=True).returncode == 0
    works = made and subprocess.run(["ip", "netns", "exec", name, "true"], capture_output=True).returncode == 0
    subprocess.run(["ip", "netns", "delete", name], capture_output=True)
    return works


@unittest.skipUnless(in_network_of_its_own() and can_make_namespaces(),
                     "needs root, iproute2, and a network of its own (tests/own_network)")
class Hosts(harness.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.namespaces = Namespaces()
        cls.addClassCleanup(cls.namespaces.remove)
        cls.namespaces.make()

    def network(self, **more):
        hosts = [{"name": host, "addr": address, "peers": 2, "command": self.namespaces.command(host)}
                 for host, address in HOSTS.items()]
        settings = {**harness.FAST, **harness.QUIET, "security.tls": "off", "overlay.links": 5}  # each with each
        return harness.Network(3, 2, settings, hosts=hosts, seed_ip=MANAGER_IP, **more)

    def ready(self, network, count=6):
        network.do(f"wait registered == {count} {30 * harness.SLOW}s")
        network.do(f"wait connected {30 * harness.SLOW}s")

    def ids(self, network, selector):
        return sorted(row["id"] for row in network.rows(f"list {selector}"))

    def test_three_machines(self):
        with self.network() as network:
            self.ready(network)
            network.do(f"wait degree.min >= 5 {30 * harness.SLOW}s")
            rows = network.rows("list peers")
            self.assertEqual({row["id"].split(":")[0] for row in rows}, {MANAGER_IP, *HOSTS.values()})
            self.assertEqual(len({row["id"].split(":")[1] for row in rows}), 6, "a port names one node")
            first = self.ids(network, "host=h1")[0]
            message = network.do(f"say {first} across")[-1]
            network.do(f"wait reached last == all {30 * harness.SLOW}s")
            self.assertEqual(len(network.rows(f"trace {message}")), 6)
            self.partition(network)
            self.cut_the_wire(network)
            self.kill(network)
            pids = [int(row["pid"]) for row in network.rows("list") if row["pid"]] + agents(network.process.pid)
            network.finish(0)
            harness.until_gone(pids)

    def partition(self, network):
        network.do("partition host=h1 | host=h2")
        network.do(f"partition host=h1 | host={MANAGER_IP}")
        here, beside = self.ids(network, "host=h1")
        network.do(f"say {here} only here")
        # By its log: the seeds, from which they are cut off as well, soon list neither.
        network.do(f"wait log {beside} ~ \"only here\" {30 * harness.SLOW}s")
        elsewhere = f"logs host=h2,host={MANAGER_IP} --grep \"only here\""
        self.assertEqual(network.do(elsewhere), [])
        network.do("heal")
        network.do(f"wait reached last == all {60 * harness.SLOW}s")
        self.assertNotEqual(network.do(elsewhere), [])  # where it was looked for, it is found now

    def cut_the_wire(self, network):
        """What the transport's own faults are made after: the interface of h2 goes down. Its agent stays in reach."""
        name = self.namespaces.names["h2"]
        run("ip", "-n", name, "link", "set", "eth0", "down")
        away = self.ids(network, "host=h2")
        for node in away:
            network.do(f"wait removed {node} {60 * harness.SLOW}s")
        run("ip", "-n", name, "link", "set", "eth0", "up")
        run("ip", "-n", name, "route", "replace", "default", "via", HOSTS["h2"][:-1] + "1")
        self.ready(network)  # they register again by themselves

    def kill(self, network):
        victim = self.ids(network, "host=h2")[1]
        port = victim.split(":")[1]
        network.do(f"kill {port}")
        network.do(f"wait removed {port} {30 * harness.SLOW}s")
        network.do(f"restart {port}")
        self.ready(network)

    def test_a_killed_manager_leaves_no_orphan_on_any_machine(self):
        network = self.network()
        self.ready(network)
        pids = [int(row["pid"]) for row in network.rows("list")] + agents(network.process.pid)
        network.crash()
        harness.until_gone(pids)
        network.close()

    def test_an_address_that_is_not_the_hosts(self):
        hosts = [{"name": "h1", "addr": "10.213.9.9", "command": self.namespaces.command("h1")}]
        network = harness.Network(3, 0, {"security.tls": "off"}, hosts=hosts, seed_ip=MANAGER_IP)
        network.process.communicate("add --host h1\n", timeout=60 * harness.SLOW)
        self.assertEqual(network.process.returncode, 5)
        self.assertIn("cannot listen: Cannot assign requested address", network.error_text())
        network.errors.close()
        network.folder.remove()


if __name__ == "__main__":
    harness.main()
