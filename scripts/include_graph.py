"""Who includes whom: the arrows among folders and the circles among units and among folders.

A unit is a .cpp with the .hpp of the same stem in the same folder, or either alone. Everything here works on
a table `includes`: file -> [(line, included file)], with the project's own files only.
"""
import re


def folder_of(name):
    return name.rsplit("/", 1)[0]


def unit_of(name):
    return name.rsplit(".", 1)[0]


def includes_of(texts):
    """The table from a map file -> text; what is not in that map (a generated or a library's header) is left out."""
    table = {}
    for name, text in texts.items():
        table[name] = []
        for number, line in enumerate(text.splitlines(), 1):
            match = re.match(r'\s*#\s*include\s*"([^"]+)"', line)
            if match and match.group(1) in texts:
                table[name].append((number, match.group(1)))
    return table


def arrow_findings(includes, arrows):
    """(file, line, text) of every include along an arrow that the table does not have."""
    for name, included in sorted(includes.items()):
        here = folder_of(name)
        if here not in arrows:
            yield name, 1, f"{here}/ is not in the table of arrows: say whose headers it may include"
            continue
        for line, target in included:
            there = folder_of(target)
            same_project = here.split("/")[0] == there.split("/")[0]
            if same_project and there != here and there not in arrows[here]:
                allowed = ", ".join(arrows[here]) or "no other folder beside it"
                yield name, line, f"{here}/ may not include {target}; it may include {allowed}"


def edges_of(includes, part_of):
    """Graph of parts (units or folders): part -> {other part: (file, included file)}, one include for each arrow."""
    graph = {}
    for name, included in sorted(includes.items()):
        arrows = graph.setdefault(part_of(name), {})
        for _, target in included:
            if part_of(target) != part_of(name):
                arrows.setdefault(part_of(target), (name, target))
    return graph


def shortest_circle(graph, start):
    """The parts of a shortest way from `start` back to itself, or None."""
    came_from = {start: None}
    queue = [start]
    for part in queue:
        for following in sorted(graph.get(part, {})):
            if following == start:
                way = [part]
                while came_from[way[-1]] is not None:
                    way.append(came_from[way[-1]])
                return way[::-1]
            if following not in came_from:
                came_from[following] = part
                queue.append(following)
    return None


def circle_findings(includes, part_of, kind):
    """(file, line, text): a circle for every part that stands in one and was not named with an earlier circle."""
    graph = edges_of(includes, part_of)
    named = set()
    for part in sorted(graph):
        if part in named:
            continue
        circle = shortest_circle(graph, part)
        if circle:
            named.update(circle)
            steps = [graph[a][b] for a, b in zip(circle, circle[1:] + circle[:1])]
            yield steps[0][0], 1, f"circle of {kind}: " + ", ".join(f"{a} -> {b}" for a, b in steps)


def full_folder_findings(names, limit):
    folders = {}
    for name in names:
        folders.setdefault(folder_of(name) if "/" in name else ".", []).append(name)
    for folder, files in sorted(folders.items()):
        if len(files) > limit:
            yield files[0], 1, f"{folder}/ holds {len(files)} source files (limit {limit}): make folders by subject"


def all_findings(texts, arrows):
    """(file, line, rule, text) for a map of C++ files to their texts."""
    includes = includes_of(texts)
    for finding in arrow_findings(includes, arrows):
        yield finding[0], finding[1], "arrow", finding[2]
    for part_of, kind in ((unit_of, "units"), (folder_of, "folders")):
        for name, line, text in circle_findings(includes, part_of, kind):
            yield name, line, "circle", text
