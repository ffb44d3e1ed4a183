"""From a template to a new model's folder: all of it or nothing."""

import keyword
import re
from functools import partial
from importlib import resources
from pathlib import Path

from reactor_cli.new_folder import make_folder
from reactor_protocol.schema import MANIFEST_SCHEMA, manifest_schema

_LEFT_OUT = {"__pycache__", ".pytest_cache", "registry"}  # of templates that were tried out where they lie
# The templates are models that run as they stand; these are what they are called in them.
_TEMPLATE_NAME, _TEMPLATE_MODULE, _TEMPLATE_CLASS = "my-model", "my_model", "MyModel"


def make_model_folder(path: Path, template: str) -> Path:
    """Write a new model to `path`, whose last part is its name; return the absolute folder.

    Raises:
        UsageProblem: the name can't be one, the folder is there already, or there is none to put it into.
        CliError: it can't be written.
    """
    return make_folder(path, partial(_fill, template), what="model", command="reactor init")


def _fill(template: str, made: Path, name: str) -> None:
    source = resources.files("reactor_cli").joinpath("templates", template)
    texts = {one.name: one.read_text("utf-8") for one in source.iterdir() if one.name not in _LEFT_OUT}
    names = _names(name, "".join(texts.values()))
    for file, text in texts.items():
        (made / _renamed(file, names)).write_text(_renamed(text, names), "utf-8")
    (made / MANIFEST_SCHEMA).write_text(manifest_schema(), "utf-8")


def _names(name: str, source: str) -> dict[str, str]:
    """What the template's names become."""
    module = name.lower().replace("-", "_")
    words = re.split(r"[-_]+", name)
    cls = "".join(word[:1].upper() + word[1:] for word in words)
    if keyword.iskeyword(cls) or re.search(rf"\b{cls}\b", source.replace(_TEMPLATE_CLASS, "")):
        cls += "Model"  # the template uses this name for something else
    return {_TEMPLATE_NAME: name, _TEMPLATE_MODULE: module, _TEMPLATE_CLASS: cls}


def _renamed(text: str, names: dict[str, str]) -> str:
    return re.sub("|".join(names), lambda match: names[match[0]], text)
