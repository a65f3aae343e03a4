"""Drives a vSphere endpoint with pyvmomi; prints what it saw as JSON.

Reads from stdin: {"host", "port", "user", "password", "ca", "vm"}; the password stays off the
argument list. Between two snapshots it waits for a line on stdin, so that the caller can write to the disk.
"""

import json
import ssl
import sys

from pyVim.connect import Disconnect, SmartConnect
from pyVim.task import WaitForTask
from pyVmomi import vim, vmodl

asked = json.loads(sys.stdin.readline())
context = ssl.create_default_context(cafile=asked["ca"])
saw = {}


def connect(password):
    return SmartConnect(
        host=asked["host"], port=asked["port"], user=asked["user"], pwd=password, sslContext=context
    )


def changed(vm, snapshot, key, change_id):
    capacity = next(d for d in snapshot.config.hardware.device if d.key == key).capacityInBytes
    areas, offset, pages = [], 0, 0
    while offset < capacity:
        page = vm.QueryChangedDiskAreas(snapshot, key, offset, change_id)
        areas += [[one.start, one.length] for one in page.changedArea]
        offset = page.startOffset + page.length
        pages += 1
    return areas, pages


def snapshot(vm, name):
    task = vm.CreateSnapshot_Task(name=name, description="", memory=False, quiesce=True)
    WaitForTask(task)
    return task.info.result


try:
    connect(asked["password"] + "x")
except vim.fault.InvalidLogin as fault:
    saw["wrong_password"] = type(fault).__name__

service = connect(asked["password"])
content = service.RetrieveContent()
saw["api"] = content.about.apiVersion
saw["user"] = content.sessionManager.currentSession.userName
view = content.viewManager.CreateContainerView(content.rootFolder, [vim.VirtualMachine], True)
vm = next(one for one in view.view if one.name == asked["vm"])
view.DestroyView()
saw["by_uuid"] = content.searchIndex.FindByUuid(None, vm.config.instanceUuid, True, True)._moId == vm._moId
saw["supported"] = vm.capability.changeTrackingSupported
WaitForTask(vm.ReconfigVM_Task(vim.vm.ConfigSpec(changeTrackingEnabled=True)))
saw["enabled"] = vm.config.changeTrackingEnabled
saw["power"] = vm.runtime.powerState
saw["summary"] = vm.summary.config.name
saw["guest"] = vm.guest.guestState

first = snapshot(vm, "first")
disk = next(one for one in first.config.hardware.device if isinstance(one, vim.vm.device.VirtualDisk))
saw["first"] = {"file": disk.backing.fileName, "changeId": disk.backing.changeId, "parent": disk.backing.parent is not None}
saw["used"], _ = changed(vm, first, disk.key, "*")
live = next(one for one in vm.config.hardware.device if one.key == disk.key)
saw["live_parent"] = live.backing.parent.fileName
WaitForTask(first.RemoveSnapshot_Task(removeChildren=False))

print(json.dumps({"ready": True}), flush=True)
sys.stdin.readline()

second = snapshot(vm, "second")
saw["changed"], saw["pages"] = changed(vm, second, disk.key, saw["first"]["changeId"])
saw["tree"] = [one.name for one in vm.snapshot.rootSnapshotList]
# Everything of every kind of object: the strict types of an old release accept it or fail.
collector = vmodl.query.PropertyCollector
whole = content.viewManager.CreateContainerView(content.rootFolder, [], True)
seen = set()
for one in [*whole.view, second, content.taskManager, *vm.recentTask]:
    spec = collector.FilterSpec(
        objectSet=[collector.ObjectSpec(obj=one)], propSet=[collector.PropertySpec(type=type(one), all=True)]
    )
    for found in content.propertyCollector.RetrieveContents([spec]):
        assert found.propSet, one
        seen.add(type(found.obj).__name__.split(".")[-1])
whole.DestroyView()
saw["whole"] = sorted(seen)

for name, call in {
    "beyond": lambda: vm.QueryChangedDiskAreas(second, disk.key, 1 << 50, "*"),
    "epoch": lambda: vm.QueryChangedDiskAreas(second, disk.key, 0, "00 " * 7 + "00-" + "00 " * 7 + "00/1"),
    "gone": lambda: first.config,
}.items():
    try:
        call()
    except vmodl.MethodFault as fault:
        saw[name] = type(fault).__name__
WaitForTask(vm.RemoveAllSnapshots_Task())
saw["left"] = vm.snapshot is None
Disconnect(service)
print(json.dumps(saw), flush=True)
