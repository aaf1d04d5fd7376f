"""What a page's own scripts write into it where they only put words together: ``document.write("来源：" + name)``,
``document.getElementById("date").innerHTML = "2024-03-12"``. Nothing is executed: a few forms of statement are read, and
what is not understood writes nothing."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import unquote

MAX_SCRIPT = 1_500
MAX_TOKENS = 4_000
MAX_TEXT = 200_000
MAX_NESTED = 20

_WRITES = ("document.write", ".innerHTML", ".innerText", ".textContent", ".html(", ".text(")
_WRITER = re.compile(
    r"""document\.write|getElementById\(\s*["'][\w-]{1,80}["']\s*\)\s*\.\s*(?:inner|text)|\(\s*["']#[\w-]{1,80}["']\s*\)\.(?:html|text)\(\s*["'\w]"""
)
_LOADER = re.compile(r"<scr|%3Cscr|%3Ciframe|cnzz|hm\.baidu|createElement\(", re.IGNORECASE)
_TOKEN = re.compile(
    r"""(?P<space>\s+|//[^\n]*|/\*(?:[^*]|\*(?!/))*+(?:\*/)?)|(?P<text>"(?:[^"\\\n]|\\[\s\S])*+"|'(?:[^'\\\n]|\\[\s\S])*+'|`(?:[^`\\$]|\\[\s\S])*+`)"""
    r"""|(?P<number>\d+(?:\.\d+)?)|(?P<name>[A-Za-z_$][\w$]*)|(?P<open>["'`](?:[^"'`\\\n]|\\[\s\S])*+)|(?P<mark>===|!==|==|!=|>=|<=|&&|\|\||\+=|[\s\S])"""
)
_ESCAPE = re.compile(r"\\(?:u\{([0-9a-fA-F]{1,6})\}|u([0-9a-fA-F]{4})|x([0-9a-fA-F]{2})|(\r\n|[\s\S]))")
_PLAIN = {"n": "\n", "t": "\t", "r": "\r", "b": "", "f": "", "v": "", "0": "", "\n": "", "\r\n": ""}
_WIDE = re.compile("%u([0-9a-fA-F]{4})")
_READY = re.compile(
    r"(?:(?:\$|jQuery) \( (?:document \) \. ready \( )?|[(!;] |window \. onload = |document \. ready \( )function$"
)
# What is set to a name: a literal, or something else.
_GIVEN = re.compile(r"""\s{0,9}[+*-]?=(?!=)\s{0,9}("[^"\\\n]{0,2000}"|'[^'\\\n]{0,2000}'|)""")
_OPERATORS = frozenset({"typeof", "new", "function", "void", "delete", "this"})  # what begins with these is not read
_METHODS = frozenset({"trim", "toString", "substring", "slice", "substr"})
_SURROGATES = re.compile("[\ud800-\udbff][\udc00-\udfff]")


@dataclass(frozen=True, slots=True)
class Writing:
    """Markup that a script writes: at its own place, or into the element with the id `target`."""

    html: str
    target: str = ""


class _Unknown(Exception):
    """A form that is not read here."""


def literal(text: str) -> str:
    """The words of a JavaScript string literal, quotes included in what is given."""
    return unescaped(text[1:-1]) if len(text) >= 2 else ""


def unescaped(text: str) -> str:
    """Text with the escapes of JavaScript strings resolved."""
    if "\\" not in text:
        return text

    def one(match: re.Match[str]) -> str:
        code = match[1] or match[2] or match[3]
        if code:
            number = int(code, 16)
            return chr(number) if number <= 0x10FFFF else ""
        return _PLAIN.get(match[4], match[4])

    return _SURROGATES.sub(lambda pair: _joined(pair[0]), _ESCAPE.sub(one, text))


def percent_decoded(text: str) -> str:
    """What ``unescape`` and ``decodeURIComponent`` of JavaScript make of a text: %u4E00, %3C, UTF-8 behind percent signs."""
    if "%" not in text:
        return text
    text = _WIDE.sub(lambda match: chr(int(match[1], 16)), text)
    return _SURROGATES.sub(lambda pair: _joined(pair[0]), unquote(text))


def _joined(pair: str) -> str:
    return pair.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def writes(markup: str) -> bool:
    """Whether scripts may write into the page: six plain searches take a tenth of one pattern's time."""
    return any(word in markup for word in _WRITES)


def writings(scripts: list[str]) -> Iterator[list[Writing]]:
    """What each of a page's scripts writes, in their order. A name that a script does not set itself has the value that
    the page's scripts give it once."""
    whole = ""
    for script in scripts:
        if 12 < len(script) <= MAX_SCRIPT and _may_write(script):
            whole = whole or "\n".join(scripts)
            yield _Reader(script, whole).run()
        else:
            yield []


def text_of(expression: str, whole: str = "") -> str:
    """The text that an expression of a script begins with: literals and names that the page's scripts set once, put
    together; "" where anything else stands in it."""
    reader = _Reader(expression, whole)
    try:
        text = reader.value(0)
    except _Unknown:
        return ""
    return text if reader.peek() in ("", ",", ")", ";", "}") or reader.kind() == "name" else ""


@lru_cache(maxsize=1024)  # a site's pages have the same ones
def _may_write(script: str) -> bool:
    """Whether a script has a statement of those that are read, and loads no other."""
    return writes(script) and _WRITER.search(script) is not None and _LOADER.search(script) is None


@lru_cache(maxsize=256)
def _tokens(script: str) -> tuple[tuple[str, str], ...]:
    """The tokens of a script with their kinds; none of one that has too many."""
    found = [(match.lastgroup or "", match[0]) for match in _TOKEN.finditer(script) if match.lastgroup != "space"]
    return tuple(found) if len(found) <= MAX_TOKENS else ()


class _Reader:
    """Reads the statements of one script."""

    def __init__(self, script: str, whole: str = "") -> None:
        self.tokens = _tokens(script)
        self.whole = whole
        self.known: dict[str, str] = {}
        self.changed: set[str] = set()  # names whose value is not known
        self.found: list[Writing] = []
        self.size = 0
        self.at = 0

    def run(self) -> list[Writing]:
        while self.at < len(self.tokens):
            self.statement(0, active=True)
        return self.found

    # Statements

    def statement(self, depth: int, *, active: bool | None) -> None:
        """One statement; one that is not read here is passed over as a whole. ``active``: whether it is reached, None where
        that is not known."""
        start = self.at
        if depth > MAX_NESTED:
            self.at = len(self.tokens)
            return
        try:
            self._statement(depth, active=active)
        except _Unknown:
            self.at = start
            self.skip()
        if self.at == start:
            self.at += 1

    def _statement(self, depth: int, *, active: bool | None) -> None:
        word = self.peek()
        if word == ";":
            self.at += 1
        elif word == "{":
            self.at += 1
            while self.at < len(self.tokens) and self.peek() != "}":
                self.statement(depth + 1, active=active)
            self.at += 1
        elif word == "if":
            self.at += 1
            holds = self.condition()
            self.statement(depth + 1, active=holds if active else active)
            if self.peek() == "else":
                self.at += 1
                self.statement(depth + 1, active=(None if holds is None else not holds) if active else active)
        elif word in ("var", "let", "const"):
            self.at += 1
            self.assign(active=active)
            while self.peek() == ",":
                self.at += 1
                self.assign(active=active)
        elif word == "document" and self.peek(2) in ("write", "writeln") and self.peek(3) == "(":
            self.at += 4
            self.write(self.arguments(), "", active=active)
        elif (body := self.at_once()) is not None:
            self.at = body
            self.statement(depth + 1, active=active)
        elif (target := self.target()) is not None:
            self.write(self.value(0), target, active=active)
        elif self.kind() == "name" and self.peek(1) in ("=", "+="):
            self.assign(active=active)
        else:
            raise _Unknown

    def at_once(self) -> int | None:
        """Where the body of a function begins that runs when the page is there: ``$(function(){…})``, ``(function(){…})()``,
        ``window.onload = function(){…}``, ``$(document).ready(function(){…})``; None for other statements."""
        words = [word for _, word in self.tokens[self.at : self.at + 16]]
        if "function" not in words or not _READY.match(" ".join(words[: words.index("function") + 1])):
            return None
        begin = words.index("function")
        return self.at + begin + 3 if words[begin + 1 : begin + 4] == ["(", ")", "{"] else None

    def assign(self, *, active: bool | None) -> None:
        if self.kind() != "name":
            raise _Unknown
        name, sign = self.peek(), self.peek(1)
        if sign not in ("=", "+="):
            self.at += 1
            return
        self.at += 2
        start = self.at
        try:
            value = self.value(0)
            if self.peek() not in (";", ",", "", "}") and self.kind() != "name":
                raise _Unknown
        except _Unknown:
            self.forget(name)
            self.at = start
            raise
        if active is None:
            self.forget(name)  # perhaps it is set, perhaps not
        elif active and len(value) <= MAX_TEXT:
            self.known[name] = self.known.get(name, "") + value if sign == "+=" else value

    def forget(self, name: str) -> None:
        self.known.pop(name, None)
        self.changed.add(name)

    def target(self) -> str | None:
        """The id of the element into which an assignment or call beginning here writes; its value follows."""
        words = [self.peek(n) for n in range(8)]
        if (
            words[:4] == ["document", ".", "getElementById", "("]
            and words[5:7] == [")", "."]
            and self.kind(4) == "text"
        ):
            sign = self.peek(8)
            if words[7] in ("innerHTML", "innerText", "textContent") and sign == "=":
                self.at += 9
                return literal(words[4])
        if (
            words[0] in ("$", "jQuery")
            and words[1] == "("
            and words[3:5] == [")", "."]
            and self.kind(2) == "text"
            and words[2][1:2] == "#"
            and words[5] in ("html", "text")
            and words[6] == "("
            and words[7] != ")"
        ):
            self.at += 7
            return literal(words[2])[1:]
        return None

    def write(self, html: str, target: str, *, active: bool | None) -> None:
        if active and html.strip() and self.size + len(html) <= MAX_TEXT:
            self.size += len(html)
            self.found.append(Writing(html, target))

    def skip(self) -> None:
        """Pass over a statement: to its semicolon, or the end of the block or call that it opens."""
        depth = 0
        for at in range(self.at, len(self.tokens)):
            word = self.tokens[at][1]
            if word in ("{", "(", "["):
                depth += 1
            elif word in ("}", ")", "]"):
                if depth == 0:
                    self.at = at
                    return
                depth -= 1
                if depth == 0 and word == "}" and self.peek(at + 1 - self.at) not in (")", ",", ".", ";"):
                    self.at = at + 1
                    return
            elif word == ";" and depth == 0:
                self.at = at + 1
                return
        self.at = len(self.tokens)

    # Expressions

    def arguments(self) -> str:
        """The values of a call's arguments put together, up to behind its bracket."""
        parts = [self.value(0)]
        while self.peek() == ",":
            self.at += 1
            parts.append(self.value(0))
        self.expect(")")
        return "".join(parts)

    def value(self, depth: int) -> str:
        text = self.term(depth)
        while self.peek() == "+":
            self.at += 1
            text += self.term(depth)
            if len(text) > MAX_TEXT:
                raise _Unknown
        return text

    def term(self, depth: int) -> str:
        if depth > MAX_NESTED:
            raise _Unknown
        kind, word = self.kind(), self.peek()
        self.at += 1
        if kind == "text":
            text = literal(word)
        elif kind == "number":
            text = word
        elif word == "(":
            text = self.value(depth + 1)
            self.expect(")")
        elif (
            kind == "name" and self.peek() == "(" and word in ("unescape", "decodeURIComponent", "decodeURI", "String")
        ):
            self.at += 1
            text = self.value(depth + 1)
            self.expect(")")
            text = text if word == "String" else percent_decoded(text)
        elif kind == "name" and word not in _OPERATORS and not self.is_foreign():
            text = self.named(word)
        else:
            raise _Unknown
        return self.methods(text)

    def is_foreign(self) -> bool:
        """Whether what follows a name makes its value one that is not read here: a call, an index, an unknown method."""
        return self.peek() in ("(", "[") or (self.peek() == "." and self.peek(1) not in _METHODS)

    def named(self, name: str) -> str:
        """The value of a name: set before, or once in another script."""
        if name in self.known:
            return self.known[name]
        if name in self.changed or len(name) > 80:
            raise _Unknown
        given: list[str] = []
        at = self.whole.find(name)
        while at >= 0 and len(given) < 2:
            before, behind = self.whole[at - 1 : at], at + len(name)
            if not (before.isalnum() or before in ("_", "$", ".")) and (match := _GIVEN.match(self.whole, behind)):
                given.append(match[1])
            at = self.whole.find(name, behind)
        if len(given) != 1 or not given[0]:
            self.changed.add(name)
            raise _Unknown
        return literal(given[0])

    def methods(self, text: str) -> str:
        """The text after the methods called on it."""
        while self.peek() == ".":
            name = self.peek(1)
            if self.peek(2) != "(":
                raise _Unknown
            self.at += 3
            numbers = []
            while self.kind() == "number":
                numbers.append(int(float(self.peek())))
                self.at += 1
                if self.peek() == ",":
                    self.at += 1
            self.expect(")")
            if name in ("trim", "toString"):
                text = text.strip() if name == "trim" else text
            elif name in ("substring", "slice", "substr") and numbers:
                begin = numbers[0]
                end = numbers[1] if len(numbers) > 1 else len(text)
                text = text[begin : begin + end if name == "substr" and len(numbers) > 1 else end]
            else:
                raise _Unknown
        return text

    def condition(self) -> bool | None:
        """Whether a condition in brackets holds; None where that is not known."""
        self.expect("(")
        start, depth = self.at, 1
        while self.at < len(self.tokens) and depth:
            depth += {"(": 1, ")": -1}.get(self.peek(), 0)
            self.at += 1
        end, self.at = self.at, start
        holds: bool | None
        try:
            holds = self.either()
            if self.at != end - 1:
                holds = None
        except _Unknown:
            holds = None
        self.at = end
        return holds

    def either(self) -> bool:
        holds = self.both()
        while self.peek() == "||":
            self.at += 1
            holds = self.both() or holds
        return holds

    def both(self) -> bool:
        holds = self.compared()
        while self.peek() == "&&":
            self.at += 1
            holds = self.compared() and holds
        return holds

    def compared(self) -> bool:
        if self.peek() == "!":
            self.at += 1
            return not self.compared()
        left = self.measured()
        sign = self.peek()
        if sign not in ("==", "===", "!=", "!==", ">", "<"):
            return bool(left) and left != "0"
        self.at += 1
        right = self.measured()
        if sign in (">", "<"):
            try:
                return float(left) > float(right) if sign == ">" else float(left) < float(right)
            except ValueError:
                raise _Unknown from None
        return (left == right) is (sign in ("==", "==="))

    def measured(self) -> str:
        """A value in a condition: null is empty, ``name.length`` a number."""
        if self.peek() in ("null", "undefined", "false"):
            self.at += 1
            return ""
        if self.kind() == "name" and self.peek(1) == "." and self.peek(2) == "length":
            self.at += 3
            return str(len(self.named(self.peek(-3))))
        return self.value(0)

    # Tokens

    def peek(self, ahead: int = 0) -> str:
        at = self.at + ahead
        return self.tokens[at][1] if 0 <= at < len(self.tokens) else ""

    def kind(self, ahead: int = 0) -> str:
        at = self.at + ahead
        return self.tokens[at][0] if 0 <= at < len(self.tokens) else ""

    def expect(self, word: str) -> None:
        if self.peek() != word:
            raise _Unknown
        self.at += 1
