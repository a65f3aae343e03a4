"""Runs the keys of one .ebextensions file as Elastic Beanstalk has them run: by cfn-init's own code.

On stdin JSON: {"library": DIR, "root": DIR, "config": {...}, "exits": {"NAME": 3, "test NAME": 1}}. Files are written
below root instead of C:. No command is started: each is noted, and ends as `exits` says, else with 0. On stdout
JSON: {"ran": [{"name", "command", "cwd", "env", "wait"}], "files": {PATH: TEXT}, "failed": null or TEXT}.
"""
import collections
import collections.abc
import json
import ntpath
import os
import sys
import types

asked = json.load(sys.stdin)
sys.path.insert(0, asked["library"])
sys.dont_write_bytecode = True
# What Python 3.10 took away, and lib2to3 leaves alone.
for name in ("MutableMapping", "Mapping", "Callable", "Iterable", "Sequence"):
    if not hasattr(collections, name):
        setattr(collections, name, getattr(collections.abc, name))

from cfnbootstrap import command_tool, construction, file_tool  # noqa: E402

file_tool.file = open
ran = []


class Noted:
    """Stands in the place of a process."""

    def __init__(self, command, stdout=None, stderr=None, name="", env=None, cwd=None):
        self.name, self.command, self.env, self.cwd = name, command, env, cwd

    def call(self):
        is_test = self.name.startswith("Test for Command ")
        name = self.name.rsplit("Command ", 1)[1]
        code = asked["exits"].get("test " + name if is_test else name, 0)
        if not is_test:
            options = commands[name]
            on_windows = types.SimpleNamespace(name="nt", path=os.path)
            posix, command_tool.os = command_tool.os, on_windows
            try:
                wait = command_tool.CommandTool.get_wait(options)
            finally:
                command_tool.os = posix
            ran.append({"name": name, "command": self.command, "cwd": self.cwd, "env": self.env, "wait": wait})
        return types.SimpleNamespace(returncode=code, stdout=b"", stderr=b"")


command_tool.LoggingProcessHelper = Noted
command_tool.ProcessHelper = Noted


def below_root(path):
    drive, rest = ntpath.splitdrive(path)
    if not drive or not ntpath.isabs(path):
        raise SystemExit("%s is no absolute path of Windows" % path)
    return os.path.join(asked["root"], drive[0].upper(), *[part for part in rest.replace("\\", "/").split("/") if part])


config = dict(asked["config"])
container = config.pop("container_commands", {})
files = {path: below_root(path) for path in config.get("files") or {}}
if files:
    config["files"] = {files[path]: attributes for path, attributes in config["files"].items()}

failed = None
auth = construction.AuthenticationConfig({})
for part in (config, {"commands": container}):
    commands = part.get("commands") or {}
    try:
        construction.CloudFormationCarpenter(construction.ConfigDefinition("config", part), auth).build(None)
    except Exception as error:
        failed = str(error)
        break

text = {path: open(at, newline="").read() for path, at in files.items() if os.path.isfile(at)}
json.dump({"ran": ran, "files": text, "failed": failed}, sys.stdout)
