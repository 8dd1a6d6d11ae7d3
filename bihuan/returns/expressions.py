"""The small language of formulas and cross-checks (勾稽关系). Pure, and never `eval`: a scanner, a parser, a walk.

    closed <= found                       a check
    closed / found * 100                  a formula
    a + b == prev(total) and c >= 0       prev(x): the period before; lastyear(x): the same period a year earlier

Names are the items of a definition. What is not known (an empty figure, a division by nothing) makes every
calculation with it unknown, and an unknown check neither holds nor fails.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal, DivisionByZero, InvalidOperation, Overflow, localcontext

MAX_LENGTH = 400
MAX_DEPTH = 40
Value = Decimal | None
Lookup = Callable[[str, str], Value]  # (item, "" | "prev" | "lastyear") -> figure
FUNCTIONS = {"prev": "上期", "lastyear": "上年同期"}
_TOKEN = re.compile(
    r"\s*(?:(?P<number>\d+(?:\.\d+)?)|(?P<name>[A-Za-z_][A-Za-z0-9_]*)|(?P<sign><=|>=|==|!=|[-+*/()<>]))"
)
_COMPARE: dict[str, Callable[[Decimal, Decimal], bool]] = {
    "<=": lambda a, b: a <= b, ">=": lambda a, b: a >= b, "==": lambda a, b: a == b, "!=": lambda a, b: a != b,
    "<": lambda a, b: a < b, ">": lambda a, b: a > b,
}  # fmt: skip


class ExpressionError(ValueError):
    """The text is no expression. ``str()`` is Chinese and names the place."""


@dataclass(frozen=True)
class Node:
    """A piece of a parsed expression: `op` is num, name, neg, + - * /, a comparison, or "and"."""

    op: str
    parts: tuple[Node, ...] = ()
    number: Decimal = Decimal(0)
    name: str = ""
    when: str = ""


@dataclass(frozen=True)
class Expression:
    """A parsed expression; `is_check` says whether it is true or false rather than a number."""

    text: str
    root: Node

    @property
    def is_check(self) -> bool:
        return self.root.op == "and" or self.root.op in _COMPARE

    @property
    def names(self) -> tuple[str, ...]:
        """The items it speaks of, in order, each once."""
        found: dict[str, None] = {}

        def walk(node: Node) -> None:
            if node.op == "name":
                found[node.name] = None
            for part in node.parts:
                walk(part)

        walk(self.root)
        return tuple(found)

    def value(self, lookup: Lookup) -> Value:
        """The number it amounts to; None when something it needs is unknown."""
        with localcontext() as context:
            context.prec = 34
            return _number(self.root, lookup)

    def holds(self, lookup: Lookup) -> bool | None:
        """Whether it is true; None when it cannot be told."""
        with localcontext() as context:
            context.prec = 34
            return _truth(self.root, lookup)

    def said(self, labels: Mapping[str, str]) -> str:
        """The same in words people can check: item labels in place of names."""
        words = {"*": " × ", "/": " ÷ ", "<=": " ≤ ", ">=": " ≥ ", "==": " ＝ ", "!=": " ≠ ", "and": " 且 "}

        def say(node: Node, outer: int = 0) -> str:
            if node.op == "num":
                return f"{node.number}"
            if node.op == "name":
                label = labels.get(node.name, node.name)
                return f"{FUNCTIONS[node.when]}{label}" if node.when else label
            if node.op == "neg":
                return f"−{say(node.parts[0], 9)}"
            rank = {"and": 1, "+": 3, "-": 3, "*": 4, "/": 4}.get(node.op, 2)
            left, right = say(node.parts[0], rank), say(node.parts[1], rank + 1)
            text = f"{left}{words.get(node.op, f' {node.op} ')}{right}"
            return f"（{text}）" if rank < outer else text

        return say(self.root)


def parse(text: str) -> Expression:
    """Read an expression. Raises ExpressionError with the place and what was expected there."""
    if len(text) > MAX_LENGTH:
        raise ExpressionError(f"算式过长（{len(text)}字），最多{MAX_LENGTH}字，请拆成几条")
    return Expression(text.strip(), _Parser(_tokens(text)).whole())


def _tokens(text: str) -> list[tuple[str, str, int]]:
    found, place, end = [], 0, len(text.rstrip())
    while place < end:
        match = _TOKEN.match(text, place)
        if match is None:
            raise ExpressionError(f"第{place + 1}个字“{text[place:].lstrip()[:1]}”不能出现在算式里")
        kind = match.lastgroup or ""
        found.append((kind, match.group(kind), match.start(kind) + 1))
        place = match.end()
    if not found:
        raise ExpressionError("算式是空的，请填写，例如 closed <= found")
    return found


class _Parser:
    def __init__(self, tokens: list[tuple[str, str, int]]) -> None:
        self.tokens, self.at, self.depth = tokens, 0, 0

    def whole(self) -> Node:
        node = self.conjunction()
        if self.at < len(self.tokens):
            raise self.unexpected()
        return node

    def peek(self) -> tuple[str, str]:
        return self.tokens[self.at][:2] if self.at < len(self.tokens) else ("", "")

    def take(self) -> str:
        self.at += 1
        return self.tokens[self.at - 1][1]

    def unexpected(self) -> ExpressionError:
        if self.at >= len(self.tokens):
            return ExpressionError("算式没有写完，末尾缺少项目或者右括号")
        _, word, place = self.tokens[self.at]
        return ExpressionError(f"第{place}个字起的“{word}”放在这里读不通")

    def conjunction(self) -> Node:
        node = self.comparison()
        while self.peek() == ("name", "and"):
            self.take()
            other = self.comparison()
            if node.op not in (*_COMPARE, "and") or other.op not in _COMPARE:
                raise ExpressionError("and 的两边都应是比较，例如 a <= b and c >= 0")
            node = Node("and", (node, other))
        return node

    def comparison(self) -> Node:
        node = self.sum()
        if self.peek()[1] in _COMPARE:
            sign = self.take()
            node = Node(sign, (node, self.sum()))
            if self.peek()[1] in _COMPARE:
                raise ExpressionError("一次只能比较两项，请用 and 连接，例如 a <= b and b <= c")
        return node

    def sum(self) -> Node:
        node = self.product()
        while self.peek()[1] in ("+", "-"):
            node = Node(self.take(), (node, self.product()))
        return node

    def product(self) -> Node:
        node = self.factor()
        while self.peek()[1] in ("*", "/"):
            node = Node(self.take(), (node, self.factor()))
        return node

    def factor(self) -> Node:
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise ExpressionError("算式套得太深，请拆成几条")
        node = self.atom()
        self.depth -= 1
        return node

    def atom(self) -> Node:
        kind, word = self.peek()
        if word == "-":
            self.take()
            return Node("neg", (self.factor(),))
        if word == "(":
            self.take()
            node = self.sum()
            self.close()
            return node
        if kind == "number":
            return Node("num", number=Decimal(self.take()))
        if kind == "name" and word != "and":
            name = self.take()
            if self.peek()[1] != "(":
                return Node("name", name=name)
            if name not in FUNCTIONS:
                known = "、".join(f"{key}（{label}）" for key, label in FUNCTIONS.items())
                raise ExpressionError(f"没有“{name}”这种取数方式，可用的有{known}")
            self.take()
            if self.peek()[0] != "name":
                raise self.unexpected()
            inner = self.take()
            self.close()
            return Node("name", name=inner, when=name)
        raise self.unexpected()

    def close(self) -> None:
        if self.peek()[1] != ")":
            raise self.unexpected()
        self.take()


def _number(node: Node, lookup: Lookup) -> Value:
    if node.op == "num":
        return node.number
    if node.op == "name":
        return lookup(node.name, node.when)
    values = [_number(part, lookup) for part in node.parts]
    if node.op == "neg":
        return None if values[0] is None else -values[0]
    left, right = values
    if left is None or right is None:
        return None
    try:
        match node.op:
            case "+":
                return left + right
            case "-":
                return left - right
            case "*":
                return left * right
            case "/":
                return left / right if right else None
    except (InvalidOperation, DivisionByZero, Overflow):
        return None
    raise ExpressionError("比较的结果不能当数用")


def _truth(node: Node, lookup: Lookup) -> bool | None:
    if node.op == "and":
        both = [_truth(part, lookup) for part in node.parts]
        return False if False in both else None if None in both else True
    if node.op not in _COMPARE:
        raise ExpressionError("这里需要一个比较，例如 closed <= found")
    left, right = (_number(part, lookup) for part in node.parts)
    return None if left is None or right is None else _COMPARE[node.op](left, right)
