#!/usr/bin/env python3
"""Writes what `converge failback VM --to DIR` brought home into disks.

    apply-failback.py DIR 0=/path/to/disk-0-flat.vmdk [1=/dev/sdb ...]

Each number is that of a disk in DIR/failback.json. What is written over has to be the disk as it was at the
point that failback.json names, or, of a disk that says `"mode": "whole"`, anything of its size. All is checked
before the first byte is written, and read back afterwards. It may be repeated. Python 3.8 or newer, nothing else.
"""
import hashlib
import json
import os
import stat
import sys

PIECE = 4 << 20


def fail(message):
    sys.exit("apply-failback: " + message)


def size_of(path):
    with open(path, "rb") as disk:
        if stat.S_ISREG(os.fstat(disk.fileno()).st_mode):
            return os.fstat(disk.fileno()).st_size
        return disk.seek(0, os.SEEK_END)


def pieces(start, length):
    at = start
    while at < start + length:
        size = min(PIECE, start + length - at)
        yield at, size
        at += size


def check(disk, data, target):
    number, total = disk["index"], disk["bytes"]
    hashed = hashlib.sha256()
    with open(data, "rb") as source:
        for chunk in iter(lambda: source.read(PIECE), b""):
            hashed.update(chunk)
    if hashed.hexdigest() != disk["sha256"]:
        fail("%s is damaged: its SHA-256 isn't that of failback.json" % data)
    if os.path.getsize(data) != sum(length for _, length in disk["extents"]):
        fail("%s doesn't hold what the extents of disk %d say" % (data, number))
    for start, length in disk["extents"] + disk["zeros"]:
        if start < 0 or length < 0 or start + length > total:
            fail("disk %d: %d bytes at %d are not inside of it" % (number, length, start))
    there = size_of(target)
    if there != total:
        fail("%s has %d bytes, and disk %d has %d" % (target, there, number, total))


def contents(disk, source):
    for start, length in disk["extents"]:
        for at, size in pieces(start, length):
            yield at, source.read(size)
    for start, length in disk["zeros"]:
        for at, size in pieces(start, length):
            yield at, b"\0" * size


def apply(disk, data, target):
    written = 0
    with open(data, "rb") as source, open(target, "r+b") as into:
        for at, chunk in contents(disk, source):
            into.seek(at)
            into.write(chunk)
            written += len(chunk)
        into.flush()
        os.fsync(into.fileno())
    with open(data, "rb") as source, open(target, "rb") as back:
        for at, chunk in contents(disk, source):
            back.seek(at)
            if back.read(len(chunk)) != chunk:
                fail("%s isn't what was written to it at %d: run again" % (target, at))
    print("disk %d: %d bytes written to %s, read back and compared" % (disk["index"], written, target))


def main(folder, *wanted):
    with open(os.path.join(folder, "failback.json"), encoding="utf-8") as file:
        index = json.load(file)
    if index.get("version") != 1:
        fail("this is version %r of the format, and only 1 is known" % index.get("version"))
    disks = {disk["index"]: disk for disk in index["disks"]}
    targets = {}
    for word in wanted:
        number, separator, path = word.partition("=")
        if not separator or not number.isdigit() or int(number) not in disks:
            fail("%r names none of the disks %s" % (word, ", ".join(map(str, sorted(disks)))))
        targets[int(number)] = path
    for number in sorted(set(disks) - set(targets)):
        fail("disk %d (%s) is given no place: %d=PATH" % (number, disks[number]["label"], number))
    places = [(disks[number], os.path.join(folder, os.path.basename(disks[number]["file"])), path)
              for number, path in sorted(targets.items())]
    for place in places:
        check(*place)
    for place in places:
        apply(*place)


if __name__ == "__main__":
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    main(*sys.argv[1:])
