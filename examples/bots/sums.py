#!/usr/bin/env python3
"""A bot for `qun robot --join --exec examples/bots/sums.py --name sums`: `@sums 2 * (3 + 4)` is 14.

A line in, a line out; it is started once. Python's own parser reads the line, and only sums are taken.
"""

import ast
import operator
import sys

DEEDS = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
    ast.USub: operator.neg,
    ast.UAdd: operator.pos,
}


def work_out(node):
    match node:
        case ast.Expression(body=body):
            return work_out(body)
        case ast.Constant(value=int() | float() as number) if not isinstance(number, bool):
            return number
        case ast.BinOp(left=left, op=op, right=right) if type(op) in DEEDS:
            return DEEDS[type(op)](work_out(left), work_out(right))
        case ast.UnaryOp(op=op, operand=operand) if type(op) in DEEDS:
            return DEEDS[type(op)](work_out(operand))
    raise ValueError("only numbers, + - * / // % and brackets")


def answer(line):
    try:
        return f"{line} = {work_out(ast.parse(line, mode='eval'))}"
    except ZeroDivisionError:
        return "nobody divides by zero"
    except (SyntaxError, ValueError, RecursionError, MemoryError, OverflowError):
        return "only numbers, + - * / // % and brackets"


for line in sys.stdin:
    print(answer(line.strip()), flush=True)
