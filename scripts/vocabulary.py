"""Words that names and comments do without, each with what to say instead.

A word of the field means to a reader what it means elsewhere. The words here meant something to their author only, or
several things in several folders. Texts in quotes are left alone: the wire and the logs keep their words.
"""
import re


def a_type(name):
    """`name` where it is a type, for words that a sentence may begin with."""
    return rf"(?<![\w]){name}(?:[&*>({{]|::| \w+[;{{(=,)])|(?:struct|class) {name}(?!\w)"


# Regular expression, as it stands in a name or a comment, and what to say instead.
WORDS = [
    (r"ToldAlike|told_alike", "StateInterner: equal states kept once"),
    (a_type("Told") + r"|(?<![a-z])own_told", "MembershipState: what a peer knows of its membership"),
    (r"RareParts|rare_parts|(?:own|any|no)_rare(?![a-z])", "Cold<T>: made when it is first changed"),
    (r"Troubles|(?<![a-z])troubles_?(?![a-z])", "DetectionState, or what is meant"),
    (r"PeerStanding|Standings", "PeerSnapshot, SnapshotSource"),
    (r"(?<![a-z])stand_up|start_standing", "start_from"),
    (r"Surroundings", "PeerContext: what the peers of a process share"),
    (r"PassedOn", "ForwardCache: a forwarded message made once"),
    (r"Parked|(?<![a-z])parked(?![a-z])", "SlotPool: kept in a slot"),
    (r"SpareBlocks|spare_blocks", "BlockPool: freed blocks by size"),
    (r"msg::Announce(?![a-z])", "msg::IHave"),
    (a_type("Losses"), "IsolationDetector"),
]
QUOTED = re.compile(r'(//[^\n]*|/\*.*?\*/)|R"(\w*)\(.*?\)\2"|"(?:\\.|[^"\\\n])*"', re.S)


def findings(path, text):
    """(line, what to say instead) for each word of the table in the file's name, its code or its comments."""
    spoken = QUOTED.sub(lambda m: m.group(1) or re.sub(r"[^\n]", " ", m.group(0)), text)
    for number, line in [(1, path), *enumerate(spoken.splitlines(), 1)]:
        for word, instead in WORDS:
            found = re.search(word, line)
            if found:
                yield number, f'"{found.group(0).strip()}": say {instead}'
