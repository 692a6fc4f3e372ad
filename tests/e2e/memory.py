#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Whose memory it is, told from outside, against what process.memoryUsage() says inside."""
import json

from harness import NODE_VERSIONS, Skip, Suite, check, comment, in_namespace, node_path

CONFIG = """
sampling: { interval: 1s, smaps_budget: 100ms }
scoring: { time_scale: 60 }
"""
KINDS = {'objects': 60, 'arrays': 40, 'buffers': 80}  # and how many MB of each
MIB = 1048576
# Pages that V8 pools are mapped and not in heapTotal.
V8_TOLERANCE = 10 * MIB


class Holder:
    """A program that holds memory of one kind, and what it says of it."""

    def __init__(self, suite, version, kind):
        self.kind = kind
        self.app = 'hold-%s-%s' % (kind, version.split('.', maxsplit=1)[0])
        self.log = suite.path(self.app + '.log')
        with open(self.log, 'wb') as out:
            suite.spawn([node_path(version), suite.app('hold', self.app), kind, str(KINDS[kind])],
                        stdout=out)

    def says(self):
        with open(self.log, encoding='ascii') as lines:
            return json.loads(lines.read().split('\n')[-2])

    def compare(self, daemon):
        """The map, once it agrees with what the program says at that time."""
        said = self.says()
        seen = {labels['type']: value for labels, value in
                daemon.scrape().find('heapwatch_process_memory_map_bytes', app=self.app)}
        if not seen:
            return None
        difference = seen['v8_pages'] + seen['v8_large_objects'] - said['heapTotal']
        comment('%s: heapTotal %.1f MB, from outside %+.1f; large objects %.1f; external %.1f, '
                'malloc %.1f' % (self.app, said['heapTotal'] / MIB, difference / MIB,
                                 seen['v8_large_objects'] / MIB, said['external'] / MIB,
                                 seen['malloc'] / MIB))
        check(abs(difference) <= V8_TOLERANCE, 'pages of V8')
        has_arrays = seen['v8_large_objects'] >= KINDS['arrays'] * MIB
        check(has_arrays == (self.kind == 'arrays'), 'large objects')
        has_buffers = seen['malloc'] >= KINDS['buffers'] * MIB
        check(has_buffers == (self.kind == 'buffers'), 'malloc')
        return seen


def start_all(suite):
    started = {}
    for version in NODE_VERSIONS:
        for kind in KINDS:
            try:
                started[version, kind] = Holder(suite, version, kind)
            except Skip as skip:
                started[version, kind] = skip
    for one in started.values():
        if isinstance(one, Holder):
            suite.wait_until(one.app + ' to hold it', one.says, 60)
    return started


def main():
    with Suite('memory', 300) as suite:
        if not in_namespace():
            raise Skip('needs a pid namespace of its own')
        started = start_all(suite)
        daemon = suite.daemon(config=CONFIG)
        for (version, kind), one in started.items():
            with suite.case('Node.js %s holding %s' % (version, kind)):
                if isinstance(one, Skip):
                    raise one
                suite.wait_until('a map that agrees', lambda one=one: one.compare(daemon), 100)


main()
