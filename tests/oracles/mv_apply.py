"""What: `mv-apply`, which duckdb-kql lacks, as `mv-expand` and `summarize`: the elements of a row's list are summed up by the row.
Takes: the text of a query, and the columns of its table. Gives: the same query without `mv-apply`, over a table that has ROW too.
Reads what a subquery that ends in a `summarize` without keys may hold: `extend`, `sort`, `where`, `mv-expand`, `mv-apply`. Anything else
is refused. Microsoft's page (mvapply-operator.md): the subquery sees the row's columns, and its result is joined to the row."""
import re

from duckdb_kql import KqlUnsupportedError

# The number of a stored row.
ROW = "oracle_row"
_LITERAL = re.compile(r'@"(?:[^"]|"")*"|"(?:[^"\\]|\\.)*"|\'(?:[^\'\\]|\\.)*\'')
_EXPAND = re.compile(r"(mv-expand|mv-apply) (?:(kind=array) )?(?:with_itemindex=(\w+) )?(?:(\w+|\['\w+'\]) = )?")


def refuse(why):
    raise KqlUnsupportedError("mv-apply", hint=why)


def split(text, separator):
    """The parts of a text between separators that stand in no parentheses and no literal."""
    parts, depth, start, at = [], 0, 0, 0
    while at < len(text):
        literal = _LITERAL.match(text, at)
        if literal:
            at = literal.end()
            continue
        depth += (text[at] in "([{") - (text[at] in ")]}")
        if depth == 0 and text[at] == separator:
            parts.append(text[start:at].strip())
            start = at + 1
        at += 1
    return [*parts, text[start:].strip()]


def added(columns):
    """The names that `name = value, …` gives; an `arg_max` alone names its own."""
    names = []
    for column in split(columns, ","):
        own = re.fullmatch(r"arg_(?:max|min)\((.*)\)", column, re.S)
        named = re.match(r"(\w+|\['\w+'\]) = ", column)
        if own:
            names += split(own[1], ",")
        elif named:
            names.append(named[1])
        else:
            refuse(f"a column without a name: {column}")
    return names


class Rewriting:
    def __init__(self):
        self.fresh = 0

    def stages(self, stages, columns, row):
        """The stages without mv-apply. `columns` are those at hand, `row` those that tell a row; both grow with the stages."""
        out = []
        for at, stage in enumerate(stages):
            word = stage.split(None, 1)[0]
            if word == "extend":
                names = added(stage[len(word):])
                columns += [name for name in names if name not in columns]
                out.append(stage)
            elif word in ("mv-expand", "mv-apply"):
                out += self.taken_apart(stage, columns, row)
            elif word in ("where", "sort"):
                out.append(stage)
            else:
                # From here on rows are others.
                return out + stages[at:]
        return out

    def taken_apart(self, stage, columns, row):
        head = _EXPAND.match(stage)
        word, kind, index, element = head.groups()
        rest = stage[head.end():]
        if index is None:
            index = f"oracle_at_{self.fresh}"
            self.fresh += 1
        inner = re.fullmatch(r"(.*?) on \((.*)\)", rest, re.S) if word == "mv-apply" else None
        listed = inner[1] if inner else rest
        element = element or re.match(r"\w+|\['\w+'\]", rest)[0]
        before, of_row = list(columns), list(row)
        columns += [name for name in (element, index) if name not in columns]
        row.append(index)
        kind = f"{kind} " if kind else ""
        out = [f"mv-expand {kind}with_itemindex={index} {element} = {listed}"]
        if word == "mv-expand":
            return out
        parts = split(inner[2], "|")
        last = re.fullmatch(r"summarize\s+(.*)", parts[-1], re.S)
        if last is None or len(split(last[1], ";")) > 1 or re.search(r"\bby\s+\w+\s*$", last[1]):
            refuse("the subquery does not end in a summarize without keys")
        out += self.stages(parts[:-1], columns, row)
        names = added(last[1])
        kept = [f"{name} = take_any({name})" for name in before if name not in of_row]
        out.append(f"summarize {', '.join([last[1], *kept])} by {', '.join(of_row)}")
        columns[:], row[:] = before + [name for name in names if name not in before], of_row
        return out


def without(query, schema):
    """A query without mv-apply; itself where it has none."""
    if "mv-apply" not in _LITERAL.sub("", query):
        return query
    *values, pipeline = split(query.rstrip(), ";")
    table, *stages = split(pipeline, "|")
    if table not in schema:
        refuse(f"{table} is no table")
    columns = [*schema[table], ROW]
    rewritten = Rewriting().stages(stages, columns, [ROW])
    return "".join(f"{value};\n" for value in values) + "\n| ".join([table, *rewritten])
