"""A validator for what the schemas of ISO 20022 use of XML Schema; anything else is an error.

The schemas in iso20022/ are those that ISO 20022 publishes for the messages, as it generated them.
"""

from __future__ import annotations

import re
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from pathlib import Path
from xml.etree import ElementTree as Tree

XS = "{http://www.w3.org/2001/XMLSchema}"
FOLDER = Path(__file__).parent / "iso20022"


class Schema:
    """One schema; `problems` says what a document breaks of it, nothing where it is valid."""

    def __init__(self, message: str) -> None:
        root = Tree.parse(FOLDER / f"{message}.xsd").getroot()
        self._space = "{" + root.attrib["targetNamespace"] + "}"
        self._types = {node.attrib["name"]: node for node in root if "Type" in node.tag}
        (self._root,) = root.findall(f"{XS}element")

    def problems(self, data: bytes) -> list[str]:
        document = Tree.fromstring(data)
        if document.tag != self._space + self._root.attrib["name"]:
            return [f"the root is {document.tag}"]
        return self._element(document, self._root.attrib["type"], "")

    def _element(self, node: Tree.Element, kind: str, path: str) -> list[str]:
        path = f"{path}/{node.tag.removeprefix(self._space)}"
        known = self._types.get(kind)
        if known is None or known.tag == f"{XS}simpleType":
            found = [f"{path} has attributes"] if node.attrib else []
            return found + [f"{path}: {text}" for text in self._simple(node, kind)]
        (content,) = known
        if content.tag == f"{XS}simpleContent":
            return self._with_attributes(node, content[0], path)
        if content.tag == f"{XS}choice":
            return self._choice(node, content, path)
        assert content.tag == f"{XS}sequence", content.tag
        return self._sequence(node, content, path)

    def _with_attributes(self, node: Tree.Element, node_type: Tree.Element, path: str) -> list[str]:
        found = [f"{path}: {text}" for text in self._simple(node, node_type.attrib["base"])]
        for attribute in node_type.findall(f"{XS}attribute"):
            value = node.attrib.get(attribute.attrib["name"])
            if value is None:
                found.append(f"{path} lacks {attribute.attrib['name']}")
            else:
                found += [f"{path}: {t}" for t in self._text(value, attribute.attrib["type"])]
        return found

    def _sequence(self, node: Tree.Element, content: Tree.Element, path: str) -> list[str]:
        children = list(node)
        found = []
        for part in content:
            if part.tag == f"{XS}any":
                return found
            least = int(part.attrib.get("minOccurs", "1"))
            most = part.attrib.get("maxOccurs", "1")
            tag, count = self._space + part.attrib["name"], 0
            while (
                children and children[0].tag == tag and (most == "unbounded" or count < int(most))
            ):
                found += self._element(children.pop(0), part.attrib["type"], path)
                count += 1
            if count < least:
                found.append(f"{path} lacks {part.attrib['name']}")
        return found + [f"{path} may not have {child.tag} there" for child in children]

    def _choice(self, node: Tree.Element, content: Tree.Element, path: str) -> list[str]:
        parts = {self._space + part.attrib["name"]: part.attrib["type"] for part in content}
        if len(node) != 1 or node[0].tag not in parts:
            return [f"{path} must be one of {len(parts)}"]
        return self._element(node[0], parts[node[0].tag], path)

    def _simple(self, node: Tree.Element, kind: str) -> list[str]:
        return ["has elements"] if len(node) else self._text(node.text or "", kind)

    def _text(self, text: str, kind: str) -> list[str]:
        if kind.startswith("xs:"):
            return [] if _is(text, kind) else [f"{text!r} is no {kind}"]
        (restriction,) = self._types[kind]
        found = self._text(text, restriction.attrib["base"])
        if found:
            return found
        facets = [(one.tag.removeprefix(XS), one.attrib["value"]) for one in restriction]
        allowed = [value for name, value in facets if name == "enumeration"]
        if allowed and text not in allowed:
            found.append(f"{text!r} is not in {kind}")
        for name, value in facets:
            if name != "enumeration" and not _facet(text, name, value):
                found.append(f"{text!r}: {name} of {kind} is {value}")
        return found


def _is(text: str, kind: str) -> bool:
    try:
        match kind:
            case "xs:string":
                return True
            case "xs:boolean":
                return text in ("true", "false", "0", "1")
            case "xs:decimal":
                return Decimal(text).is_finite() and "E" not in text.upper()
            case "xs:date":
                return len(text) == 10 and bool(date.fromisoformat(text))
            case "xs:dateTime":
                return "T" in text and bool(datetime.fromisoformat(text))
    except (ValueError, InvalidOperation):
        return False
    raise AssertionError(f"{kind} is not known here")


def _facet(text: str, name: str, value: str) -> bool:
    match name:
        case "pattern":
            return re.fullmatch(value, text) is not None
        case "minLength":
            return len(text) >= int(value)
        case "maxLength":
            return len(text) <= int(value)
        case "minInclusive":
            return Decimal(text) >= Decimal(value)
        case "fractionDigits":
            return -int(Decimal(text).as_tuple().exponent) <= int(value)
        case "totalDigits":
            return len(Decimal(text).as_tuple().digits) <= int(value)
    raise AssertionError(f"the facet {name} is not known here")
