"""Holds recorded requests to AWS services and their answers against botocore's service models.

    python3 aws_strict.py EXCHANGES.jsonl

Each line is {method, path, requestHeaders, request, status, answerHeaders, answer}, bodies in Base64. Names, nesting,
scalar forms, enums and required members are checked: botocore's own parser lets all of these pass. Prints each fault;
the last line says which operations were seen. Exit code 1 with faults.
"""

import base64
import gzip
import json
import os
import re
import sys
import xml.etree.ElementTree as ET
from urllib.parse import parse_qsl, unquote, urlsplit

import botocore

# Sent by AWS though its model doesn't list it: the model's own text for Instance.Platform says `windows`, the API
# reference's example of DescribeInternetGateways has `available`.
UNLISTED = {("PlatformValues", "windows"), ("AttachmentStatus", "available")}
# Parameters that a model older than botocore 1.44 lacks, with the type that the newer one has: ec2 of 1.44.8,
# CreateReplaceRootVolumeTaskRequest.VolumeId.
NEWER = {("CreateReplaceRootVolumeTaskRequest", "VolumeId"): "VolumeId"}
# Headers that are not in a model: signature, SDK, checksums of transport.
COMMON_HEADERS = re.compile(
    r"^(x-amz-(date|content-sha256|security-token|target|user-agent|sdk-.*|api-version|trailer|decoded-content-length)|amz-sdk-.*)$"
)


# Of the query protocol: what any action may answer. Source: IAM API reference, "Common errors".
COMMON_ERRORS = ["AccessDenied", "InvalidAction", "ValidationError"]


def load(service):
    base = os.path.join(os.path.dirname(botocore.__file__), "data", service)
    newest = os.path.join(base, sorted(os.listdir(base))[-1])
    packed = os.path.join(newest, "service-2.json.gz")
    opener, path = (gzip.open, packed) if os.path.exists(packed) else (open, packed[:-3])
    with opener(path) as file:
        return json.load(file)


class Judge:
    def __init__(self, service):
        self.model = load(service)
        self.shapes = self.model["shapes"]
        self.faults = []
        self.is_ec2 = self.model["metadata"]["protocol"] == "ec2"
        self.is_query = self.model["metadata"]["protocol"] == "query"

    def tag(self, member):
        return lower(member) if self.is_ec2 else member

    def fault(self, path, what):
        self.faults.append(f"{path}: {what}")

    # -- scalars

    def text(self, name, value, path):
        shape = self.shapes[name]
        kind = shape["type"]
        forms = {
            "integer": r"-?\d+",
            "long": r"-?\d+",
            "float": r"-?\d+(\.\d+)?([eE][+-]?\d+)?",
            "double": r"-?\d+(\.\d+)?([eE][+-]?\d+)?",
            "boolean": r"true|false",
            "timestamp": r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z",
            "blob": r"[A-Za-z0-9+/\n]*={0,2}",
        }
        if kind in forms and not re.fullmatch(forms[kind], value or ""):
            self.fault(path, f"{value!r} is not a {kind}")
        elif kind in ("integer", "long"):
            self.bounds(shape, int(value), path)
        elif kind == "string":
            self.string(name, value or "", path)
        elif kind not in forms:
            self.fault(path, f"a scalar where the model has a {kind}")

    def string(self, name, value, path):
        shape = self.shapes[name]
        if "enum" in shape and value not in shape["enum"] and (name, value) not in UNLISTED:
            self.fault(path, f"{value!r} is not in the enum {name}")
        # Classes of Unicode are Java's: Python's expressions have none.
        if r"\p{" not in shape.get("pattern", "") and not re.search(shape.get("pattern", ""), value):
            self.fault(path, f"{value!r} does not fit {shape['pattern']}")
        self.bounds(shape, len(value), path)

    def bounds(self, shape, size, path):
        if size < shape.get("min", size) or size > shape.get("max", size):
            self.fault(path, f"{size} is not within {shape.get('min')} and {shape.get('max')}")

    # -- the query protocols: EC2's, and the older one of IAM

    def query(self, operation, parameters):
        seen = set()
        shape = operation.get("input", {}).get("shape")
        for name, value in parameters:
            self.parameter(shape, name.split("."), "", value, seen)
        for needed in self.shapes.get(shape, {}).get("required", []):
            if needed not in seen:
                self.fault(needed, "required, but not sent")

    def parameter(self, name, parts, path, value, seen):
        shape = self.shapes[name]
        if shape["type"] == "structure":
            for member, it in shape["members"].items():
                wire = it.get("queryName") or (upper(it["locationName"]) if "locationName" in it else member)
                if parts and wire == parts[0]:
                    if path == "":
                        seen.add(member)
                    return self.parameter(it["shape"], parts[1:], f"{path}.{wire}", value, seen)
            newer = NEWER.get((name, parts[0])) if len(parts) == 1 else None
            if newer is not None:
                return self.parameter(newer, [], f"{path}.{parts[0]}", value, seen)
            return self.fault(f"{path}.{'.'.join(parts)}", "unknown parameter")
        if shape["type"] == "list":
            if not parts and value == "":
                return None
            if self.is_query and not shape.get("flattened"):
                wrapper = shape["member"].get("locationName", "member")
                if not parts or parts[0] != wrapper:
                    return self.fault(path, f"a list's parameters are below .{wrapper}")
                parts, path = parts[1:], f"{path}.{wrapper}"
            if not parts or not parts[0].isdigit():
                return self.fault(path, "a list's parameters are numbered")
            return self.parameter(shape["member"]["shape"], parts[1:], f"{path}.{parts[0]}", value, seen)
        if parts:
            return self.fault(path, f"{'.'.join(parts)} below a scalar")
        return self.text(name, value, path)

    def xml(self, name, element, path):
        shape = self.shapes[name]
        if shape["type"] == "structure":
            members = {it.get("locationName") or self.tag(key): (key, it) for key, it in shape["members"].items()}
            seen = set()
            for child in element:
                tag = local(child)
                if tag == "requestId" and "/" not in path:
                    continue
                if tag not in members:
                    self.fault(f"{path}/{tag}", "unknown element")
                    continue
                if tag in seen:
                    self.fault(f"{path}/{tag}", "twice")
                seen.add(tag)
                self.xml(members[tag][1]["shape"], child, f"{path}/{tag}")
            for needed in shape.get("required", []):
                wire = shape["members"][needed].get("locationName") or self.tag(needed)
                if wire not in seen:
                    self.fault(f"{path}/{wire}", "required, but missing")
            if (element.text or "").strip():
                self.fault(path, "text in a structure")
        elif shape["type"] == "list":
            item = shape["member"].get("locationName") or ("item" if self.is_ec2 else "member")
            for number, child in enumerate(element):
                if local(child) != item:
                    self.fault(f"{path}[{number}]", f"<{local(child)}>, not <{item}>")
                else:
                    self.xml(shape["member"]["shape"], child, f"{path}[{number}]")
            if (element.text or "").strip():
                self.fault(path, "text in a list")
        elif len(element):
            self.fault(path, "elements in a scalar")
        else:
            self.text(name, element.text or "", path)

    # -- JSON

    def json(self, name, value, path):
        shape = self.shapes[name]
        kind = shape["type"]
        wanted = {"structure": dict, "map": dict, "list": list, "string": str, "boolean": bool, "blob": str}
        numbers = {"integer": int, "long": int, "float": (int, float), "double": (int, float), "timestamp": (int, float)}
        right = {**wanted, **numbers}[kind]
        if not isinstance(value, right) or (isinstance(value, bool) and kind != "boolean"):
            return self.fault(path, f"{value!r} is not a {kind}")
        if kind == "structure":
            members = {it.get("locationName", key): it for key, it in shape["members"].items() if "location" not in it}
            for key, each in value.items():
                if key not in members:
                    self.fault(f"{path}.{key}", "unknown member")
                elif each is not None:
                    self.json(members[key]["shape"], each, f"{path}.{key}")
            for needed in shape.get("required", []):
                it = shape["members"][needed]
                if "location" not in it and it.get("locationName", needed) not in value and shape.get("payload") != needed:
                    self.fault(f"{path}.{needed}", "required, but missing")
        elif kind == "list":
            for number, each in enumerate(value):
                self.json(shape["member"]["shape"], each, f"{path}[{number}]")
        elif kind == "map":
            for each in value.values():
                self.json(shape["value"]["shape"], each, path)
        elif kind == "string":
            self.string(name, value, path)
        elif kind in ("integer", "long"):
            self.bounds(shape, value, path)
        return None

    def rest(self, name, found, headers, query, body, path):
        """`found`: what the path names. A payload's bytes are not looked into."""
        shape = self.shapes.get(name)
        if shape is None:
            return
        places = {}
        for key, it in shape["members"].items():
            places[(it.get("location", "body"), it.get("locationName", key).lower())] = (key, it)
        sent = set()
        for where, values in (("uri", found), ("header", headers), ("querystring", query)):
            for wire, value in values.items():
                if (where, wire.lower()) in places:
                    key, it = places[(where, wire.lower())]
                    sent.add(key)
                    self.text(it["shape"], value, f"{path}.{key}")
                elif where == "querystring" or (where == "header" and is_strange(wire)):
                    self.fault(f"{path} {where} {wire}", "not in the model")
        payload = shape.get("payload")
        if payload and self.shapes[shape["members"][payload]["shape"]]["type"] == "blob":
            sent.add(payload)
        elif any("location" not in it for it in shape["members"].values()):
            if self.model["metadata"]["protocol"] == "rest-xml":
                self.body(name, shape, body, path)
            else:
                self.json(name, json.loads(body or b"{}"), path)
        for needed in shape.get("required", []):
            if needed not in sent and "location" in shape["members"][needed]:
                self.fault(f"{path}.{needed}", "required, but missing")

    def body(self, name, shape, body, path):
        """A document of what has no place of its own; none at all where nothing of that was said."""
        inside = {key: it for key, it in shape["members"].items() if "location" not in it}
        needed = [key for key in shape.get("required", []) if key in inside]
        if not body and not needed:
            return
        self.shapes[f"{name} body"] = {**shape, "members": inside, "required": needed}
        self.xml(f"{name} body", ET.fromstring(body), f"{path}/")

    # -- one exchange

    def find_rest(self, method, path):
        matches = []
        for name, operation in self.model["operations"].items():
            wanted = operation["http"]["requestUri"].split("?")[0].split("/")
            given = path.split("/")
            if operation["http"]["method"] != method or len(wanted) != len(given):
                continue
            pairs = list(zip(wanted, given))
            if all(part.startswith("{") or part == it for part, it in pairs):
                matches.append((name, {part[1:-1]: unquote(it) for part, it in pairs if part.startswith("{")}))
        return min(matches, key=lambda it: len(it[1])) if matches else (None, {})

    def exchange(self, it):
        body, answer = base64.b64decode(it["request"]), base64.b64decode(it["answer"])
        url, headers, replied = urlsplit(it["path"]), it["requestHeaders"], it["answerHeaders"]
        protocol, good = self.model["metadata"]["protocol"], it["status"] < 300
        if protocol in ("ec2", "query"):
            parameters = parse_qsl(body.decode(), keep_blank_values=True)
            named = dict(parameters)
            name = named["Action"]
            operation = self.model["operations"].get(name)
            if not operation:
                self.fault(name, "unknown action")
                return name
            if named.get("Version") != self.model["metadata"]["apiVersion"]:
                self.fault(name, f"version {named.get('Version')}")
            self.query(operation, [each for each in parameters if each[0] not in ("Action", "Version")])
            root = ET.fromstring(answer)
            if not good and self.is_query:
                said = [local(root)] + [local(each) for each in root] + [local(each) for each in root[0]]
                if said != ["ErrorResponse", "Error", "RequestId", "Type", "Code", "Message"]:
                    self.fault(name, "not an error document")
                codes = [self.shapes[each["shape"]].get("error", {}).get("code", each["shape"]) for each in operation.get("errors", [])]
                if root[0][1].text not in codes + COMMON_ERRORS:
                    self.fault(name, f"{root[0][1].text} is not an error of it")
            elif not good:
                if [local(root)] + [local(each) for each in root[0][0]] != ["Response", "Code", "Message"]:
                    self.fault(name, "not an error document")
            elif local(root) != f"{name}Response":
                self.fault(name, f"root <{local(root)}>")
            elif self.is_query:
                wrapper = operation.get("output", {}).get("resultWrapper")
                if [local(each) for each in root] != ([wrapper] if wrapper else []) + ["ResponseMetadata"]:
                    self.fault(name, f"<{'>, <'.join(local(each) for each in root)}> in the answer")
                elif wrapper:
                    self.xml(operation["output"]["shape"], root[0], name)
            elif "output" in operation:
                self.xml(operation["output"]["shape"], root, name)
            return name
        if protocol == "json":
            name = headers["x-amz-target"].split(".")[-1]
            operation = self.model["operations"][name]
            if "input" in operation:
                self.json(operation["input"]["shape"], json.loads(body or b"{}"), name)
            if good and "output" in operation:
                self.json(operation["output"]["shape"], json.loads(answer), name)
            return name
        name, found = self.find_rest(it["method"], url.path)
        if name is None:
            self.fault(f"{it['method']} {url.path}", "no such operation")
            return ""
        operation = self.model["operations"][name]
        query = dict(parse_qsl(url.query, keep_blank_values=True))
        self.rest(operation.get("input", {}).get("shape"), found, headers, query, body, name)
        if not good:
            self.error(operation, replied, it["status"], json.loads(answer), name)
        elif protocol == "rest-xml":
            root = ET.fromstring(answer)
            if local(root) != f"{name}Response":
                self.fault(name, f"root <{local(root)}>")
            self.rest(operation["output"]["shape"], {}, replied, {}, answer, f"{name} answer")
        else:
            if it["status"] != operation["http"].get("responseCode", 200):
                self.fault(name, f"status {it['status']}")
            self.rest(operation.get("output", {}).get("shape"), {}, replied, {}, answer, f"{name} answer")
        return name

    def error(self, operation, headers, status, said, name):
        code = headers.get("x-amzn-errortype", "").split(":")[0]
        if code not in [each["shape"] for each in operation.get("errors", [])]:
            self.fault(name, f"{code} is not an error of it")
        else:
            if status != self.shapes[code].get("error", {}).get("httpStatusCode", status):
                self.fault(name, f"{code} with status {status}")
            self.json(code, said, f"{name} {code}")


def upper(name):
    return name[0].upper() + name[1:]


def lower(name):
    return name[0].lower() + name[1:]


def local(element):
    return element.tag.split("}")[-1]


def is_strange(header):
    return header.lower().startswith("x-amz-") and not COMMON_HEADERS.match(header.lower())


def main(path):
    judges, seen, faults = {}, set(), []
    with open(path) as file:
        for line in file:
            it = json.loads(line)
            scope = re.search(r"Credential=[^/]+/\d+/[^/]+/([^/]+)/", it["requestHeaders"].get("authorization", ""))
            service = scope.group(1) if scope else ""
            if service == "sts":
                continue
            judge = judges.setdefault(service, Judge(service))
            seen.add(f"{service}:{judge.exchange(it)}")
            faults += judge.faults
            judge.faults = []
    for fault in dict.fromkeys(faults):
        print(fault)
    print(json.dumps(sorted(seen)))
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
