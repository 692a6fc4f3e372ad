#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The golden document of the API is what docs/api.schema.json describes. TAP."""
import copy
import json
import os
import sys

try:
    import jsonschema
except ImportError:
    print('1..0 # SKIP python3-jsonschema is not installed')
    sys.exit(0)

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.environ.get('top_srcdir') or os.path.join(HERE, '..', '..')


def load(path):
    with open(os.path.join(TOP, path), encoding='utf-8') as file:
        return json.load(file)


def errors_of(validator, document):
    return [error.message for error in validator.iter_errors(document)]


def result(number, name, wrong):
    print('%sok %d - %s' % ('not ' if wrong else '', number, name))
    for message in wrong:
        print('# ' + message[:300].replace('\n', ' '))


def main():
    schema = load('docs/api.schema.json')
    document = load('tests/golden/processes.json')
    jsonschema.Draft7Validator.check_schema(schema)
    validator = jsonschema.Draft7Validator(schema)
    print('1..3')
    result(1, 'the golden document is valid', errors_of(validator, document))
    more = copy.deepcopy(document)
    more['processes'][0]['unheard-of'] = 1
    result(2, 'a member that the schema does not know is an error',
           [] if errors_of(validator, more) else ['accepted'])
    less = copy.deepcopy(document)
    del less['processes'][0]['leak']['state']
    result(3, 'a member that is missing is an error',
           [] if errors_of(validator, less) else ['accepted'])


main()
