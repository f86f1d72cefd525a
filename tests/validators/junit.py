"""Judges JUnit XML: the schema of Jenkins' xUnit plugin for all of it, that of Surefire for each suite, and a reader
that others wrote. Prints what the reader counts as JSON."""

import json
import sys

import junitparser
from lxml import etree

jenkins, surefire = (etree.XMLSchema(etree.parse(path)) for path in sys.argv[1:3])
# Without `huge_tree` lxml refuses long texts; without entities nothing outside can be read.
document = etree.parse(sys.argv[3], etree.XMLParser(huge_tree=True, resolve_entities=False, no_network=True))
jenkins.assertValid(document)
for suite in document.getroot():
    surefire.assertValid(etree.ElementTree(etree.fromstring(etree.tostring(suite), etree.XMLParser(huge_tree=True))))
read = junitparser.JUnitXml.fromfile(sys.argv[3])
cases = [case for suite in read for case in suite]
failed = {f"{case.classname} {case.name}": [one.text for one in case.result] for case in cases if case.is_failure}
print(json.dumps({
    "suites": [suite.name for suite in read],
    "tests": [read.tests, len(cases)],
    "failures": [read.failures, len(failed)],
    "skipped": sum(case.is_skipped for case in cases),
    "failed": failed,
}))
