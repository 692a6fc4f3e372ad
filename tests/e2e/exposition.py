# SPDX-License-Identifier: MIT
"""A strict reader of Prometheus's text format 0.0.4, written without regard to the writer.

https://prometheus.io/docs/instrumenting/exposition_formats/
"""
import re

NAME = re.compile(r'[a-zA-Z_:][a-zA-Z0-9_:]*')
LABEL = re.compile(r'([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\[\\"n])*)"(,|(?=\}))')
ESCAPE = re.compile(r'\\([\\"n])')


class Malformed(Exception):
    """The text is no exposition."""


class Samples:
    """What one scrape said."""

    def __init__(self):
        self.by_name = {}

    def add(self, name, labels, value):
        rows = self.by_name.setdefault(name, {})
        key = tuple(sorted(labels.items()))
        if key in rows:
            raise Malformed('two samples for %s%s' % (name, labels))
        rows[key] = (labels, value)

    def find(self, name, **labels):
        """[(labels, value)] of the series of a family that have these labels."""
        return [row for row in self.by_name.get(name, {}).values()
                if all(row[0].get(key) == value for key, value in labels.items())]

    def one(self, name, **labels):
        rows = self.find(name, **labels)
        if len(rows) != 1:
            raise LookupError('%d series %s%s' % (len(rows), name, labels))
        return rows[0]

    def value(self, name, **labels):
        return self.one(name, **labels)[1]

    def total(self, name, **labels):
        return sum(value for _, value in self.find(name, **labels))

    def count(self):
        return sum(len(rows) for rows in self.by_name.values())


def _labels(line, start):
    labels = {}
    while line[start] != '}':
        found = LABEL.match(line, start)
        if not found or found.group(1) in labels:
            raise Malformed('bad labels: %r' % line)
        labels[found.group(1)] = ESCAPE.sub(
            lambda escape: {'n': '\n'}.get(escape.group(1), escape.group(1)), found.group(2))
        start = found.end()
        if start >= len(line):
            raise Malformed('labels without end: %r' % line)
    return labels, start + 1


def parse(text):
    if text and not text.endswith('\n'):
        raise Malformed('the last line has no end')
    samples = Samples()
    for line in text.split('\n'):
        if not line or line.startswith('#'):
            continue
        name = NAME.match(line)
        if not name:
            raise Malformed('no metric name: %r' % line)
        labels, end = {}, name.end()
        if line[end:end + 1] == '{':
            labels, end = _labels(line, end + 1)
        fields = line[end:].split()
        if not 1 <= len(fields) <= 2:
            raise Malformed('no value: %r' % line)
        samples.add(name.group(0), labels, float(fields[0]))
    return samples
