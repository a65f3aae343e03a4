import type { Probe } from '../model/probes.ts';

/** A probe of a machine that only another one in its network can make. */
export interface InsideProbe {
  address: string;
  probe: Extract<Probe, { kind: 'tcp' | 'http' }>;
}

/** Begins each line of a prober's report. */
export const PROBE_MARK = 'converge:probe';

/** Most bytes of user data. Source: EC2 User Guide, "Run commands when you launch an EC2 instance". */
export const mostUserData = 16 * 1024;

/**
 * What a prober runs: Python, which is in Amazon Linux for its own use, so that nothing has to be fetched.
 * It tries each probe until it passes or its time is over, writes what came of it to the serial console,
 * three times, as a line may be torn by what the kernel writes, and ends itself a while later. Given a path,
 * it writes there and ends at once.
 *
 * @param nonce 32 hex digits, on every line of its report
 */
export function proberScript(nonce: string, probes: readonly InsideProbe[]): string {
  const list = probes.map(({ address, probe: { within, ...probe } }) => ({
    address,
    within: within / 1000,
    ...probe,
  }));
  const data = Buffer.from(JSON.stringify(list)).toString('base64');
  return script.replace('@NONCE@', nonce).replace('@PROBES@', data);
}

const script = `#!/usr/bin/python3
import base64, hashlib, http.client, json, socket, subprocess, sys, threading, time
NONCE = "@NONCE@"
PROBES = json.loads(base64.b64decode("@PROBES@"))
ONCE, STAYS, PAUSE, MOST = 5, 0.5, 2, 2 ** 20
START = time.monotonic()
seen = [("failed", "it was never tried")] * len(PROBES)

def tcp(it):
    with socket.create_connection((it["address"], it["port"]), timeout=ONCE) as taken:
        taken.settimeout(STAYS)
        try:
            if not taken.recv(1):
                return "failed", "it was taken and closed at once"
        except socket.timeout:
            pass
    return "passed", "it was taken"

def http_get(it):
    end = time.monotonic() + ONCE
    asked = http.client.HTTPConnection(it["address"], it["port"], timeout=ONCE)
    try:
        asked.request("GET", it["path"])
        answer = asked.getresponse()
        body = b""
        while len(body) < MOST and time.monotonic() < end:
            part = answer.read1(65536)
            if not part:
                break
            body += part
        if answer.status != it["status"]:
            return "failed", "status %d" % answer.status
        if "contains" not in it:
            return "passed", "status %d" % answer.status
        if it["contains"].encode() in body[:MOST]:
            return "passed", "status %d, and the text" % answer.status
        return "failed", "status %d, without the text" % answer.status
    finally:
        asked.close()

def once(it):
    try:
        return tcp(it) if it["kind"] == "tcp" else http_get(it)
    except socket.timeout:
        return "failed", "nothing came back"
    except ConnectionRefusedError:
        return "failed", "the connection was refused"
    except Exception as error:
        return "failed", "it broke off (%s)" % type(error).__name__

def until_passed(number, it):
    while True:
        seen[number] = once(it)
        if seen[number][0] == "passed" or time.monotonic() - START + PAUSE > it["within"]:
            return
        time.sleep(PAUSE)

def say(number, out):
    text = json.dumps({"probe": number, "outcome": seen[number][0], "saw": seen[number][1]})
    mark = hashlib.sha256((NONCE + " " + text).encode()).hexdigest()[:16]
    out.write("\\n${PROBE_MARK} %s %s %s\\n" % (NONCE, mark, text))
    out.flush()

def console():
    for path in ("/dev/ttyS0", "/dev/console"):
        try:
            return open(path, "w")
        except OSError:
            continue
    return sys.stdout

threads = [threading.Thread(target=until_passed, args=pair) for pair in enumerate(PROBES)]
for each in threads:
    each.start()
for each in threads:
    each.join()
local = len(sys.argv) > 1
with open(sys.argv[1], "w") if local else console() as out:
    for again in range(1 if local else 3):
        if again:
            time.sleep(5)
        for number in range(len(PROBES)):
            say(number, out)
if not local:
    subprocess.run(["shutdown", "-h", "+15"])
`;
