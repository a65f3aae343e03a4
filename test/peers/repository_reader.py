"""Restores a disk from a converge repository in a directory, from docs/repository-format.md alone.

usage: repository_reader.py DIRECTORY VM_UUID GENERATION DISK_INDEX OUTPUT [KEY_FILE]
       repository_reader.py DIRECTORY VM_UUID records [KEY_FILE]
The second prints the content of each object that is JSON, of this VM and of the repository: one line each, its key with
`VM` in the place of the VM's, a blank, and the JSON.
Prints the point's record of the machine as JSON, or "machine unknown"; then its bundle, or "no bundle" and why; then
"pinned by HOLDER" for each pin of it.
Needs the zstd program; for an encrypted repository also the `cryptography` package.
"""
import hashlib
import hmac
import json
import os
import struct
import subprocess
import sys

KINDS = {"roster": 1, "head": 2, "lease": 3, "point": 4, "pages": 5, "index": 6, "pack": 7, "removal": 8, "record": 9,
         "bundle": 10, "damage": 11, "checked": 12, "pruning": 13, "locks": 14}


def hkdf(secret, salt, info):
    prk = hmac.new(salt or bytes(32), secret, hashlib.sha256).digest()
    return hmac.new(prk, info.encode() + b"\x01", hashlib.sha256).digest()


def gcm_open(key, nonce, sealed, associated):
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    return AESGCM(key).decrypt(nonce, sealed, associated)


def unzstd(frame):
    return subprocess.run(["zstd", "-dcq"], input=frame, stdout=subprocess.PIPE, check=True).stdout


def user_key(text):
    digits = text.strip().lower()[len("converge-key-"):].replace("-", "")
    number = 0
    for digit in digits:
        number = number << 5 | "0123456789abcdefghjkmnpqrstvwxyz".index(digit)
    both = number.to_bytes(35, "big")
    assert hashlib.sha256(b"converge/1 key-check\0" + both[:32]).digest()[:3] == both[32:]
    return both[:32]


class Repository:
    def __init__(self, directory, key):
        self.directory = directory
        config = json.loads(self.read("converge.json"))
        assert config["format"] == 2
        self.master = None
        if config["encryption"]:
            key_id = hashlib.sha256(b"converge/1 key-id\0" + key).hexdigest()[:8]
            entry = next(k for k in config["encryption"]["keys"] if k["key_id"] == key_id)
            kek = hkdf(key, bytes.fromhex(config["id"]), "converge/1 wrap")
            associated = f"converge/1 master {config['id']} {key_id}".encode()
            self.master = gcm_open(kek, bytes.fromhex(entry["nonce"]), bytes.fromhex(entry["master"]), associated)

    def read(self, name, start=0, length=-1):
        with open(os.path.join(self.directory, name), "rb") as file:
            file.seek(start)
            return file.read(length)

    def vm_key(self, uuid):
        name = b"vm" + uuid.encode()
        if self.master:
            return hmac.new(hkdf(self.master, b"", "converge/1 name"), name, hashlib.sha256).hexdigest()[:32]
        return hashlib.sha256(name).hexdigest()[:32]

    def block_id(self, plain):
        if self.master:
            return hmac.new(hkdf(self.master, b"", "converge/1 block-id"), plain, hashlib.sha256).digest()
        return hashlib.sha256(plain).digest()

    def section(self, kind, name, salt, offset, stored, label=b""):
        header = b"CONVERGE" + bytes([1, KINDS[kind], 1 if self.master else 0]) + bytes(5) + salt
        associated = header + struct.pack(">Q", offset) + name.encode() + b"\0" + label
        if self.master:
            key = hkdf(self.master, salt, "converge/1 object " + kind)
            body = gcm_open(key, struct.pack(">IQ", 0, offset), stored, associated)
        else:
            body = stored[:-16]
            assert hashlib.sha256(associated + body[:1] + hashlib.sha256(body[1:]).digest()).digest()[:16] == stored[-16:], name
        return unzstd(body[1:]) if body[0] == 1 else body[1:]

    def single(self, kind, name):
        whole = self.read(name)
        assert whole[:8] == b"CONVERGE" and whole[8] == 1 and whole[9] == KINDS[kind], name
        return self.section(kind, name, whole[16:32], 32, whole[32:])


class Root:
    def __init__(self, payload):
        size = struct.unpack(">I", payload[:4])[0]
        self.json = json.loads(payload[4:4 + size])
        self.tables = {}
        at = 4 + size
        for disk in self.json["disks"]:
            blocks = -(-disk["bytes"] // disk["block_size"])
            pages = []
            for _ in range(-(-blocks // 4096)):
                deltas, has_base = payload[at] & 0x7F, payload[at] >> 7
                at += 1
                refs = []
                for _ in range(deltas + has_base):
                    number, offset, length = struct.unpack(">III", payload[at:at + 12])
                    refs.append((self.json["pages_objects"][number][0], offset, length))
                    at += 12
                pages.append((refs[0] if has_base else None, refs[has_base:]))
            self.tables[disk["index"]] = pages


def pins(repository):
    folder = f"recovery/{repository.vm_key('recovery pins')}/pins"
    try:
        names = os.listdir(os.path.join(repository.directory, folder))
    except FileNotFoundError:
        return []
    newest = max(n for n in names if n.isdigit())
    return json.loads(repository.single("record", f"{folder}/{newest}"))["pins"]


def bundle(repository, folder, point):
    if "bundle" not in point:
        return "no bundle: made by a version that stored none"
    if point["bundle"] is None:
        return "no bundle: nothing was declared"
    name = folder + "bundles/" + point["bundle"]["id"]
    assert os.path.getsize(os.path.join(repository.directory, name)) == point["bundle"]["bytes"] <= 32 << 20
    payload = repository.single("bundle", name)
    assert hashlib.sha256(payload).hexdigest() == point["bundle"]["digest"]
    return json.dumps(json.loads(payload))


def restore(repository, uuid, generation, index, output):
    folder = f"vms/{repository.vm_key(uuid)}/"
    newest = Root(repository.single("head", folder + "head"))
    names = sorted(n for n in os.listdir(os.path.join(repository.directory, folder, "points")) if not n.startswith("~"))
    if int(names[-1][:12]) > newest.json["generation"]:
        newest = Root(repository.single("point", folder + "points/" + names[-1]))
    name = next(n for n in names if int(n[:12]) == generation)
    root = Root(repository.single("point", folder + "points/" + name))
    machine = root.json.get("machine")
    print(json.dumps(machine) if machine else "machine unknown")
    print(bundle(repository, folder, root.json))
    for pin in pins(repository):
        if pin["vm"] == uuid and pin["point"] == root.json["id"]:
            print("pinned by " + pin["holder"])
    disk = next(d for d in root.json["disks"] if d["index"] == index)

    def part(kind, name, offset, length, label=b""):
        salt = bytes.fromhex(name[-32:])
        return repository.section(kind, name, salt, offset, repository.read(name, offset, length), label)

    segments = []
    for segment in newest.json["segments"]:
        name = f"{folder}index/{segment['generation']:012d}-{segment['id']}"
        footer = part("index", name, segment["footer"], segment["bytes"] - 16 - segment["footer"])
        packs, sections, _ = struct.unpack(">III", footer[:12])
        ids = [footer[12 + 16 * n:28 + 16 * n].hex() for n in range(packs)]
        at = 12 + 16 * packs
        places = [struct.unpack(">IIII", footer[at + 16 * n:at + 16 * n + 16]) for n in range(sections)]
        segments.append((name, ids, places))

    with open(output, "wb") as image:
        image.truncate(disk["bytes"])
        for page, (base, deltas) in enumerate(root.tables[index]):
            ids = {}
            if base:
                payload = part("pages", folder + "pages/" + base[0], *base[1:])
                ids = {n: payload[32 * n:32 * n + 32] for n in range(len(payload) // 32)}
            for object_id, offset, length in deltas:
                payload = part("pages", folder + "pages/" + object_id, offset, length)
                for at in range(0, len(payload), 34):
                    ids[struct.unpack(">H", payload[at:at + 2])[0]] = payload[at + 2:at + 34]
            where = {}
            for name, packs, places in segments:
                for number, of, offset, length in places:
                    if (number, of) != (disk["number"], page):
                        continue
                    payload = part("index", name, offset, length)
                    for at in range(0, len(payload), 44):
                        pack, start, size = struct.unpack(">III", payload[at + 32:at + 44])
                        where[payload[at:at + 32]] = (packs[pack], start, size)
            for n, block_id in ids.items():
                at = (page * 4096 + n) * disk["block_size"]
                if block_id == bytes(32) or at >= disk["bytes"]:
                    continue
                pack, start, size = where[block_id]
                plain = part("pack", f"{folder}packs/{pack[:2]}/{pack}", start, size, block_id)
                assert repository.block_id(plain) == block_id
                image.seek(at)
                image.write(plain)


def kind_of(key):
    """The kind of an object that holds JSON alone, by its key; None for others."""
    parts = key.split("/")
    if parts[0] == "roster":
        return "roster"
    if parts[0] == "recovery":
        return "record"
    if parts[0] == "vms" and len(parts) == 3 and parts[2] in ("lease", "damage", "checked", "pruning", "locks"):
        return parts[2]
    return "removal" if parts[0] == "vms" and parts[2] == "removed" else None


def records(repository, uuid):
    own = repository.vm_key(uuid)
    keys = [os.path.relpath(os.path.join(at, name), repository.directory)
            for at, _, names in os.walk(repository.directory) for name in names if not name.startswith("~")]
    for key in sorted(keys):
        kind = kind_of(key)
        if kind and not (key.startswith("vms/") and own not in key):
            print(key.replace(own, "VM"), json.dumps(json.loads(repository.single(kind, key))))


if __name__ == "__main__":
    if sys.argv[3] == "records":
        key = user_key(open(sys.argv[4]).read()) if len(sys.argv) > 4 else None
        records(Repository(sys.argv[1], key), sys.argv[2])
        sys.exit()
    directory, uuid, generation, index, output = sys.argv[1:6]
    key = user_key(open(sys.argv[6]).read()) if len(sys.argv) > 6 else None
    restore(Repository(directory, key), uuid, int(generation), int(index), output)
