"""Every regular expression of the package, found by introspection, and strings that make a careless one slow."""

from __future__ import annotations

import ast
import dataclasses
import importlib
import inspect
import re
from pathlib import Path
from re import _constants as sre  # type: ignore[attr-defined]
from re import _parser as parser  # type: ignore[attr-defined]
from typing import TYPE_CHECKING, Any

import govcrawl

if TYPE_CHECKING:
    from collections.abc import Iterator

METHODS = {"compile", "search", "match", "fullmatch", "split", "findall", "finditer", "sub", "subn"}
MANY = 50  # a repeat of at most so many is a constant
GENERIC = (" ", "\n", "\t", "1", "a", "年", "'", '"', "(", "[", "{", "<", "</", "<a ", "<!--", "http://", '{"', "\\", "/", "_", "-", ",", "：", "2024-01-01", "<b>", "=[")  # fmt: skip
BAD = ("", "\n!")


def modules() -> list[Any]:
    root = Path(govcrawl.__file__).parent
    names = sorted(p.relative_to(root.parent).with_suffix("") for p in root.rglob("*.py") if "templates" not in p.parts)
    return [importlib.import_module(".".join(n.parts).removesuffix(".__init__")) for n in names]


def collect() -> dict[str, tuple[re.Pattern[str], str]]:
    """Where it stands → the pattern and the method it is used with."""
    found: dict[str, tuple[re.Pattern[str], str]] = {}
    seen: set[tuple[str, int, str]] = set()

    def add(where: str, pattern: re.Pattern[Any], method: str) -> None:
        if isinstance(pattern.pattern, bytes):
            pattern = re.compile(pattern.pattern.decode("latin-1"), pattern.flags | re.ASCII)
        anchored = method if method in ("match", "fullmatch") else "search"
        key = (pattern.pattern, pattern.flags, anchored)
        if key not in seen:
            seen.add(key)
            found[f"{where} {pattern.pattern[:60]!r}"] = pattern, anchored

    for module in modules():
        methods = _uses(module)
        for name, value in list(vars(module).items()):
            if isinstance(value, re.Pattern) and methods.get(name):
                for method in methods[name]:
                    add(f"{module.__name__}.{name}", value, method)
            else:
                for pattern in _inside(value, module.__name__):
                    add(f"{module.__name__}.{name}", pattern, "search")
        for line, pattern, method in _inline(module):
            add(f"{module.__name__}:{line}", pattern, method)
    return found


def _inside(value: Any, module: str, depth: int = 0) -> Iterator[re.Pattern[Any]]:
    """Patterns in a value of a module: in collections, classes, dataclasses; and texts that are named as patterns."""
    if isinstance(value, re.Pattern):
        yield value
    elif depth > 4:
        return
    elif isinstance(value, dict):
        for inner in [*value.keys(), *value.values()]:
            yield from _inside(inner, module, depth + 1)
    elif isinstance(value, (list, tuple, set, frozenset)):
        for inner in value:
            yield from _inside(inner, module, depth + 1)
    elif inspect.isclass(value):
        if value.__module__ != module:
            return
        for name, inner in vars(value).items():
            if isinstance(inner, str) and name.endswith("pattern"):
                yield re.compile(inner)
            elif not inspect.isfunction(inner):
                yield from _inside(inner, module, depth + 1)
    elif dataclasses.is_dataclass(value):
        for field in dataclasses.fields(value):
            inner = getattr(value, field.name, None)
            if isinstance(inner, str) and field.name in ("listing", "marks", "article") and inner:
                yield re.compile(inner, re.IGNORECASE)
            elif not isinstance(inner, str):
                yield from _inside(inner, module, depth + 1)


def _tree(module: Any) -> ast.Module:
    return ast.parse(Path(module.__file__).read_text())  # an empty __init__ has no source for inspect


def _uses(module: Any) -> dict[str, set[str]]:
    """Name of a module's pattern → the methods called on it there; empty where it is handed on."""
    used: dict[str, set[str]] = {}
    called: set[int] = set()
    tree = _tree(module)
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.attr in METHODS:
            used.setdefault(node.value.id, set()).add(node.attr)
            called.add(id(node.value))
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load) and id(node) not in called:
            used.setdefault(node.id, set()).add("search")
    return used


def _inline(module: Any) -> Iterator[tuple[int, re.Pattern[str], str]]:
    """Patterns written where they are used: re.search(r"…", text). Local names in them stand for a short word."""
    tree = _tree(module)
    named = {id(n.value) for n in tree.body if isinstance(n, ast.Assign)}  # found by their names
    for node in ast.walk(tree):
        if (
            isinstance(node, ast.Call)
            and id(node) not in named
            and isinstance(node.func, ast.Attribute)
            and isinstance(node.func.value, ast.Name)
            and node.func.value.id == "re"
            and node.func.attr in METHODS
            and node.args
        ):
            try:
                text = eval(compile(ast.Expression(node.args[0]), "-", "eval"), _Names(vars(module)))
                flags = [
                    a
                    for a in (*node.args[1:], *(k.value for k in node.keywords))
                    if re.match(r"re\.[A-Z]", ast.unparse(a))
                ]
                flag = eval(ast.unparse(flags[0]), {"re": re}) if flags else 0
                method = node.func.attr
                if method == "compile":
                    method = "search"
                yield node.lineno, re.compile(text, flag), method
            except (TypeError, AttributeError, re.error):
                continue  # handed on from elsewhere, where it is found


class _Names(dict[str, Any]):
    """A module's names; a local one stands for a short word."""

    def __missing__(self, name: str) -> Any:
        import builtins

        return getattr(builtins, name, "list")


# Strings made from the pattern itself


def pumps(pattern: re.Pattern[str]) -> Iterator[tuple[str, str, str]]:
    """(head, unit, tail): head + unit repeated + tail is worth trying."""
    seen: set[tuple[str, str]] = set()
    for head, unit in [
        *(("", u) for u in GENERIC),
        *_repeats(parser.parse(pattern.pattern, pattern.flags), "", pattern.flags),
    ]:
        for one in ((head, unit), ("", head + unit), ("", head), ("", unit), ("", unit + head)):
            if one[1] and one not in seen:
                seen.add(one)
    for head, unit in seen:
        for tail in BAD:
            yield head, unit, tail


def _repeats(tree: Any, head: str, flags: int) -> Iterator[tuple[str, str]]:
    """What stands before each long repeat of a pattern, and texts that it repeats."""
    for op, value in tree:
        if op in (sre.MAX_REPEAT, sre.MIN_REPEAT, sre.POSSESSIVE_REPEAT):
            low, high, inner = value
            if high > MANY:
                for unit in _samples(inner):
                    yield head, unit
            yield from _repeats(inner, head, flags)
            head += _sample(inner) * max(low, 0 if high > MANY else min(1, high))
        elif op is sre.SUBPATTERN:
            yield from _repeats(value[3], head, flags)
            head += _sample(value[3])
        elif op is sre.BRANCH:
            for branch in value[1]:
                yield from _repeats(branch, head, flags)
                yield head, _sample(branch)
            head += _sample(value[1][0])
        elif op in (sre.ASSERT, sre.ASSERT_NOT):
            yield from _repeats(value[1], head, flags)
            yield head, _sample(value[1])
        elif op is sre.ATOMIC_GROUP:
            yield from _repeats(value, head, flags)
            head += _sample(value)
        else:
            head += _sample([(op, value)])


def _samples(tree: Any) -> list[str]:
    """Some texts that a repeated part matches: one for each kind of character it takes."""
    items = list(tree)
    if len(items) == 1 and items[0][0] is sre.IN:
        return _members(items[0][1])
    if len(items) == 1 and items[0][0] in (sre.NOT_LITERAL, sre.ANY):
        return [c for c in ("x", " ", "1", "年", "/", '"', "<", "(") if c != chr(items[0][1] or 0)]
    if len(items) == 1 and items[0][0] is sre.BRANCH:
        return [_sample(branch) for branch in items[0][1][1]]
    if len(items) == 1 and items[0][0] is sre.SUBPATTERN:
        return [*_samples(items[0][1][3]), _sample(tree)]
    return [_sample(tree)]


def _members(members: list[Any]) -> list[str]:
    allowed = re.compile("(?s:" + _charset(members) + ")")
    wanted = [
        m for op, v in members for m in ([chr(v)] if op is sre.LITERAL else [chr(v[0])] if op is sre.RANGE else [])
    ]
    return [c for c in dict.fromkeys([*wanted[:6], *"x 1年/\"'<(.-_:：\n"]) if allowed.fullmatch(c)] or ["x"]


def _charset(members: list[Any]) -> str:
    names = {
        sre.CATEGORY_DIGIT: r"\d", sre.CATEGORY_NOT_DIGIT: r"\D", sre.CATEGORY_SPACE: r"\s",
        sre.CATEGORY_NOT_SPACE: r"\S", sre.CATEGORY_WORD: r"\w", sre.CATEGORY_NOT_WORD: r"\W",
    }  # fmt: skip
    out = ""
    for op, value in members:
        if op is sre.NEGATE:
            out = "^" + out
        elif op is sre.LITERAL:
            out += re.escape(chr(value))
        elif op is sre.RANGE:
            out += f"{re.escape(chr(value[0]))}-{re.escape(chr(value[1]))}"
        else:
            out += names[value]
    return f"[{out}]"


def _sample(tree: Any) -> str:
    """A text that a part of a pattern matches (look-arounds aside)."""
    out = ""
    for op, value in tree:
        if op is sre.LITERAL:
            out += chr(value)
        elif op is sre.IN:
            out += _members(value)[0]
        elif op is sre.NOT_LITERAL:
            out += "x" if value != ord("x") else "y"
        elif op is sre.ANY:
            out += "x"
        elif op in (sre.MAX_REPEAT, sre.MIN_REPEAT, sre.POSSESSIVE_REPEAT):
            out += _sample(value[2]) * max(value[0], 0 if value[1] > MANY else 1)
        elif op is sre.SUBPATTERN:
            out += _sample(value[3])
        elif op is sre.BRANCH:
            out += _sample(value[1][0])
        elif op is sre.ATOMIC_GROUP:
            out += _sample(value)
    return out
