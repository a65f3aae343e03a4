import { isUtf8 } from 'node:buffer';
import type { ReadIo } from '../../engine/model/io.ts';
import { type IisObject, listObjects, listSection } from '../iis/appcmd.ts';
import { parseBinding } from '../iis/bindings.ts';
import { readMachinePath } from '../registry/machine-path.ts';
import { readFeatures } from '../software/dism.ts';
import type { Capture } from './capture.ts';
import { callOf, NotCaptured, replayIo } from './replay.ts';

/**
 * A belief about Windows, held against a capture. `why`: what was seen instead, or what is not in the
 * capture.
 */
export interface Finding {
  belief: string;
  verdict: 'confirmed' | 'contradicted' | 'not captured';
  why?: string;
}

/** What was seen instead; undefined when it is as believed. Throws NotCaptured, or what a reader throws. */
type Check = (capture: Capture, io: ReadIo) => Promise<string | undefined> | string | undefined;

const appcmd = 'inetsrv\\appcmd.exe';
const noSite = 'converge no such site';
const states = new Set([
  'Enabled',
  'Disabled',
  'Enable Pending',
  'Disable Pending',
  'Disabled with Payload Removed',
]);
/** The configuration element inside each object's own. */
const inner: Record<IisObject, string> = {
  apppool: 'add',
  site: 'site',
  app: 'application',
  vdir: 'virtualDirectory',
};

const exits =
  (program: string, args: string[], wanted: number): Check =>
  capture => {
    const { exitCode } = callOf(capture, program, args);
    return exitCode === wanted ? undefined : `exit code ${exitCode}`;
  };

const lists =
  (kind: IisObject): Check =>
  async (_, io) => {
    const objects = await listObjects(io, kind);
    const name = `${kind.toUpperCase()}.NAME`;
    const odd = objects.find(
      ({ attributes, children }) =>
        !attributes.has(name) || !children.some(child => child.name === inner[kind]),
    );
    if (odd) return `an object without ${name}, or without <${inner[kind]}>`;
    return objects.length > 0 ? undefined : 'no object';
  };

const section =
  (name: string): Check =>
  async (_, io) => {
    const found = await listSection(io, '', name);
    if (!found) return 'nothing was listed';
    const element = name.replaceAll('/', '-');
    return found.children.some(child => child.name === element) ? undefined : `no <${element}> inside`;
  };

/** Bytes beyond ASCII that these programs wrote, together. */
function beyondAscii(capture: Capture, isOfThese: (program: string) => boolean): Buffer {
  const said = capture.calls.filter(call => isOfThese(call.program)).map(({ stdout }) => stdout);
  const found = said.filter(bytes => bytes.some(byte => byte > 0x7f));
  if (found.length === 0) throw new NotCaptured('nothing beyond ASCII was said');
  return Buffer.concat(found);
}

/** Beliefs are named as in the lab's own list of them, where that has them. */
const contracts: readonly [belief: string, Check][] = [
  [
    'states Enabled, Disabled, Enable Pending, Disable Pending, Disabled with Payload Removed',
    async (_, io) => {
      const features = await readFeatures(io);
      const odd = [...features].find(([, state]) => !states.has(state));
      if (odd) return `${odd[0]} is ${odd[1]}`;
      return features.has('IIS-WebServerRole')
        ? undefined
        : `${features.size} features, no IIS-WebServerRole`;
    },
  ],
  [
    '0x800f080c for an unknown feature, 0x800f081f for missing source files',
    exits(
      'dism.exe',
      ['/online', '/english', '/get-featureinfo', '/featurename:Converge-No-Such-Feature'],
      0x800f080c,
    ),
  ],
  ['attributes and elements of /xml of an application pool', lists('apppool')],
  ['attributes and elements of /xml of a site', lists('site')],
  ['attributes and elements of /xml of an application', lists('app')],
  ['attributes and elements of /xml of a virtual directory', lists('vdir')],
  [
    'bindings are read as they are written in applicationHost.config',
    async (_, io) => {
      const sites = await listObjects(io, 'site');
      const texts = sites.flatMap(({ attributes }) => (attributes.get('bindings') ?? '').split(','));
      const odd = texts.find(text => text !== '' && !parseBinding(text));
      return odd === undefined ? undefined : `the binding ${odd}`;
    },
  ],
  [
    '`-` for `/` in the element of a section in /xml',
    async (capture, io) =>
      (await section('system.webServer/defaultDocument')(capture, io)) ??
      section('system.webServer/handlers')(capture, io),
  ],
  [
    'a bad attribute, value, section or parameter is 87',
    exits(
      appcmd,
      ['list', 'config', '/section:system.webServer/convergeNoSuchSection', '/config:*', '/xml'],
      87,
    ),
  ],
  [
    'a list that finds nothing prints nothing and ends with 1',
    capture => {
      const { exitCode, stdout } = callOf(capture, appcmd, ['list', 'site', noSite]);
      return exitCode === 1 && stdout.length === 0
        ? undefined
        : `exit code ${exitCode}, ${stdout.length} bytes`;
    },
  ],
  ['a missing object of set, delete, start and stop is 1168', exits(appcmd, ['start', 'site', noSite], 1168)],
  [
    'a missing site of `list config` is 1168 as well',
    exits(
      appcmd,
      ['list', 'config', noSite, '/section:system.webServer/defaultDocument', '/config:*', '/xml'],
      1168,
    ),
  ],
  [
    'errors are on stdout',
    capture => {
      const { stdout, stderr } = callOf(capture, appcmd, ['start', 'site', noSite]);
      return stdout.length > 0 && stderr.length === 0 ? undefined : `${stderr.length} bytes on stderr`;
    },
  ],
  [
    'output is UTF-8, into a pipe too',
    capture =>
      isUtf8(beyondAscii(capture, program => program === appcmd)) ? undefined : 'bytes that are not UTF-8',
  ],
  [
    'what console programs write beyond ASCII is unreadable as UTF-8',
    capture =>
      isUtf8(beyondAscii(capture, program => /^(reg|sc|schtasks|icacls|netsh|tzutil)\.exe$/.test(program)))
        ? 'it is UTF-8'
        : undefined,
  ],
  [
    "the machine's Path is read from what reg query prints",
    async (_, io) => {
      const { data } = await readMachinePath(io);
      return /\bsystem32\b/i.test(data) ? undefined : 'a Path without System32';
    },
  ],
  [
    'reg query: four blanks between name, type and data; a missing key is exit code 1',
    exits('reg.exe', ['query', 'HKLM\\SOFTWARE\\Converge No Such Key'], 1),
  ],
  [
    'every failure of schtasks is exit code 1, on stderr',
    capture => {
      const args = ['/query', '/tn', 'Converge No Such Task'];
      const { exitCode, stdout, stderr } = callOf(capture, 'schtasks.exe', args);
      return exitCode === 1 && stdout.length === 0 && stderr.length > 0 ? undefined : `exit code ${exitCode}`;
    },
  ],
  [
    'schtasks /query /xml shows tasks as they are registered',
    capture => {
      const { exitCode, stdout } = callOf(capture, 'schtasks.exe', ['/query', '/xml']);
      if (exitCode !== 0) return `exit code ${exitCode}`;
      return stdout.includes('<Task version="1.') ? undefined : 'no <Task>';
    },
  ],
  [
    'sc writes its errors to stdout, `[SC] CALL FAILED CODE:`',
    capture => {
      const { exitCode, stdout } = callOf(capture, 'sc.exe', ['query', 'ConvergeNoSuchService']);
      return exitCode === 1060 && stdout.includes('[SC] ') && stdout.includes('1060:')
        ? undefined
        : `exit code ${exitCode}`;
    },
  ],
  [
    'netsh ends with 1 on any failure',
    exits('netsh.exe', ['advfirewall', 'firewall', 'show', 'rule', 'name=Converge no such rule'], 1),
  ],
  [
    'icacls ends with 2 for a missing file, 87 for a bad parameter, 1332 for an unknown account',
    exits('icacls.exe', ['C:\\Converge No Such File'], 2),
  ],
  [
    'tzutil /g prints no end of line; `_dstoff` turns daylight saving off',
    capture => {
      const text = callOf(capture, 'tzutil.exe', ['/g']).stdout.toString('latin1');
      return text !== '' && !/[\r\n]/.test(text) ? undefined : JSON.stringify(text);
    },
  ],
  [
    'powershell.exe -Command gives a script its stdin by [Console]::In',
    capture => {
      const call = capture.calls.find(({ program }) => /\\powershell\.exe$/i.test(program));
      if (!call || call.missing) throw new NotCaptured('powershell.exe');
      const said = call.stdout.toString('latin1');
      return call.exitCode === 0 && said === 'by stdin' ? undefined : `exit code ${call.exitCode}`;
    },
  ],
];

/** Holds each belief against the capture, with converge's own readers where they read such output. */
export async function replay(capture: Capture): Promise<Finding[]> {
  const io = replayIo(capture);
  const findings: Finding[] = [];
  for (const [belief, check] of contracts) {
    try {
      const why = await check(capture, io);
      findings.push(
        why === undefined ? { belief, verdict: 'confirmed' } : { belief, verdict: 'contradicted', why },
      );
    } catch (error) {
      // A reader that gives up has met what it didn't expect; its message says what.
      const why = error instanceof Error ? error.message : String(error);
      const verdict = error instanceof NotCaptured ? 'not captured' : 'contradicted';
      findings.push({ belief, verdict, why });
    }
  }
  return findings;
}
