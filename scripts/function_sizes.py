"""Where the functions of a C++, Python or JavaScript file begin, and how long they are. What stands inside a function
is counted with it."""
import ast
import re


# ---------------------------------------------------------------- C++

CPP_LITERAL = re.compile(r'//[^\n]*|/\*.*?\*/|R"(\w*)\(.*?\)\1"|"(?:\\.|[^"\\\n])*"|'
                     r"(?<![0-9a-fA-F])'(?:\\.|[^'\\\n])+'", re.S)


def blank_cpp(match):
    text = match.group(0)
    keep = '"' if text[0] in '"R' else " "
    return keep + re.sub(r"[^\n]", " ", text[1:-1]) + keep if len(text) > 1 else text


def cpp_code(text):
    """The text with comments and literals blanked; lines and columns stay. Includes keep their names."""
    includes = {}

    def save(match):
        includes[match.start()] = match.group(0)
        return match.group(0)

    re.sub(r'^[ \t]*#[ \t]*include[^\n]*', save, text, flags=re.M)
    out = CPP_LITERAL.sub(blank_cpp, text)
    for start, line in includes.items():
        out = out[:start] + line.split("//")[0].ljust(len(line)) + out[start + len(line):]
    return out


def cpp_functions(text):
    """[(first line, lines, opening text)]"""
    code = cpp_code(text)
    found = []
    stack = []  # (kind, line, head)
    head_start = 0
    line = 1
    depth_parens = 0
    in_preprocessor = False
    at_line_start = True
    for i, c in enumerate(code):
        if c == "\n":
            if in_preprocessor and code[i - 1] != "\\":
                in_preprocessor = False
                head_start = i + 1
            line += 1
            at_line_start = True
            continue
        if at_line_start and not c.isspace():
            at_line_start = False
            in_preprocessor = in_preprocessor or c == "#"
        if in_preprocessor:
            continue
        if c in "([":
            depth_parens += 1
        elif c in ")]":
            depth_parens -= 1
        elif c == "{":
            head = code[head_start:i].strip()
            inside = any(kind == "function" for kind, _, _ in stack)
            if inside or depth_parens > 0:
                kind = "block"
            elif re.search(r"\b(namespace|class|struct|union|enum|extern)\b[^()]*$", head):
                kind = "scope"
            elif initializer_member(head):
                kind = "block"
            elif ")" in head:
                kind = "function"
            else:
                kind = "block"
            stack.append((kind, line, head))
            if kind in ("scope", "function"):
                head_start = i + 1
        elif c == "}":
            if stack:
                kind, first, head = stack.pop()
                if kind == "function":
                    found.append((first, line - first + 1, " ".join(head.split())[-60:]))
                if kind != "block":
                    head_start = i + 1
        elif c == ";" and depth_parens == 0 and not any(kind == "function" for kind, _, _ in stack):
            head_start = i + 1
    return found


def initializer_member(head):
    """True when the brace opens a member's initialiser (`Foo() : a_{1}, b_` ...) or a braced default."""
    return bool(re.search(r"(?:[:,=(<]|\breturn)\s*[\w:<>, ]*$", head)) and not re.search(
        r"\)\s*(?:const|noexcept|override|final|mutable|->\s*[\w:<>*& ]+|\s)*$", head)


# ---------------------------------------------------------------- Python

def python_functions(text):
    """[(first line, lines, name)]"""
    found = []
    todo = [ast.parse(text)]
    while todo:
        for node in ast.iter_child_nodes(todo.pop()):
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
                found.append((node.lineno, node.end_lineno - node.lineno + 1, node.name))
            else:
                todo.append(node)
    return sorted(found)


# ---------------------------------------------------------------- JavaScript

JS_LITERAL = re.compile(r"//[^\n]*|/\*.*?\*/|\"(?:\\.|[^\"\\\n])*\"|'(?:\\.|[^'\\\n])*'", re.S)
REGEX = re.compile(r"/(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\\[\n])+/\w*")
TEMPLATE = re.compile(r"(?:\\.|\$(?!\{)|[^`\\$])*", re.S)
# After these a slash begins a regular expression; after a name, a number or a closing bracket it divides.
BEFORE_REGEX = re.compile(r"(?:^|[(,=:\[!&|?{};+\-*%~^<>]|\b(?:return|typeof|case|in|of|void|await))\s*$")
CONTROL = {"if", "for", "while", "switch", "catch", "with", "await"}  # `for await (…)`


def blanked(text):
    return re.sub(r"[^\n]", " ", text)


def javascript_code(text):
    """The text with comments and literals blanked, but for what stands in a template's ${…}; lines and columns stay."""
    out = ""
    at = 0
    depths = []  # open braces inside of each ${…} that is being read
    in_template = False
    while at < len(text):
        if in_template:
            part = TEMPLATE.match(text, at)[0]
            at += len(part)
            out += blanked(part)
            ends = text.startswith("`", at)
            in_template = False
            if not ends:
                depths.append(0)
            out += "`" if ends else " {"  # the brace of ${…} is a block's
            at += 1 if ends else 2
            continue
        c = text[at]
        literal = JS_LITERAL.match(text, at)
        if not literal and c == "/" and BEFORE_REGEX.search(out):
            literal = REGEX.match(text, at)
        if literal:
            out += blanked(literal[0])
            at = literal.end()
            continue
        if c == "`":
            in_template = True
        elif depths and c == "{":
            depths[-1] += 1
        elif depths and c == "}":
            in_template = depths[-1] == 0
            if in_template:
                depths.pop()
            else:
                depths[-1] -= 1
        out += c
        at += 1
    return out


def opens_function(code, brace, call):
    """Is this brace a function's? `call`: where the parenthesis before it was opened."""
    before = code[max(0, brace - 200):brace].rstrip()
    if before.endswith("=>"):
        return True
    if not before.endswith(")") or call is None:
        return False
    word = re.search(r"([\w$]+)\s*$", code[:call])
    return word is not None and word[1] not in CONTROL


def javascript_functions(text):
    """[(first line, lines, opening text)]"""
    code = javascript_code(text)
    found = []
    braces = []  # (kind, line)
    calls = []
    closed = None  # where the parenthesis that was closed last was opened
    line = 1
    for at, c in enumerate(code):
        if c == "\n":
            line += 1
        elif c == "(":
            calls.append(at)
        elif c == ")":
            closed = calls.pop() if calls else None
        elif c == "{":
            inside = any(function for function, _ in braces)
            braces.append((not inside and opens_function(code, at, closed), line))
        elif c == "}" and braces:
            function, first = braces.pop()
            if function:
                found.append((first, line - first + 1, text.split("\n")[first - 1].strip()[:60]))
    return found
