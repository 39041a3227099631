"""An import-heavy start: packages of the standard library, again and again as if for the first time."""

import importlib
import sys

from measuring import measure

NAMES = (
    *(
        "argparse",
        "ast",
        "calendar",
        "configparser",
        "csv",
        "dataclasses",
        "difflib",
        "email.message",
        "email.mime.text",
    ),
    *(
        "fractions",
        "html.parser",
        "http.client",
        "json",
        "logging",
        "mimetypes",
        "optparse",
        "pprint",
        "shlex",
        "string",
    ),
    *(
        "tarfile",
        "textwrap",
        "unittest",
        "urllib.request",
        "uuid",
        "xml.dom.minidom",
        "xml.etree.ElementTree",
        "zipfile",
    ),
)


def load():
    before = set(sys.modules)
    for name in NAMES:
        importlib.import_module(name)
        if name not in sys.modules:
            raise ImportError(name)  # @never
    for name in set(sys.modules) - before:
        # What a second copy would not work without.
        if not name.startswith(("_", "encodings", "threading")):
            del sys.modules[name]


def missing():
    names = []  # @cold
    for name in NAMES:
        if name not in sys.modules:
            names.append(name)
    return names


def run(count):
    for _ in range(count):
        load()


if __name__ == "__main__":
    measure(run)
