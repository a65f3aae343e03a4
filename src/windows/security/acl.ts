import { Failure, world } from '../../diagnostics/diagnostic.ts';
import type { ReadIo, WriteIo } from '../../engine/model/io.ts';
import { runTool, type Tool } from '../../programs/run-tool.ts';
import { readPowershell } from '../tools/powershell.ts';
import { system32 } from '../tools/programs.ts';
import { commonSid } from './sids.ts';

/** One entry of a list that isn't inherited. */
export interface Rule {
  sid: string;
  deny: boolean;
  /** Access mask, unsigned. */
  mask: number;
  /**
   * InheritanceFlags and PropagationFlags of .NET: 1 container, 2 object; 1 no propagation, 2 inherit only.
   */
  inherit: number;
  propagate: number;
}

export interface Acl {
  /** Nothing is inherited. */
  isProtected: boolean;
  rules: Rule[];
}

/** Masks of the rights that have names, as icacls grants them. */
const rightsMasks = {
  full: 0x1f01ff,
  modify: 0x1301bf,
  read_execute: 0x1200a9,
  read: 0x120089,
  write: 0x100116,
} as const;
export type Rights = keyof typeof rightsMasks;

/** Everybody who opens a file needs it and some tools leave it out; so it tells rights apart for nobody. */
const synchronize = 0x100000;
const readControl = 0x20000;

/** `modify`, or the mask in hexadecimal when it has no name. */
export function nameOfMask(mask: number): string {
  const [known] =
    Object.entries(rightsMasks).find(([name, wanted]) => {
      const aside = name === 'write' ? synchronize | readControl : synchronize;
      return (mask & ~aside) >>> 0 === (wanted & ~aside) >>> 0;
    }) ?? [];
  return known ?? `0x${mask.toString(16)}`;
}

/** Numbers and SIDs alone: names and messages are in the language of the machine. */
const script = [
  '$a = @(foreach ($p in $d.paths) { try { $s = Get-Acl -LiteralPath $p;',
  '$r = @($s.GetAccessRules($true, $false, [Security.Principal.SecurityIdentifier]) | ForEach-Object { @{',
  'sid = $_.IdentityReference.Value; mask = [int]$_.FileSystemRights; deny = [int]$_.AccessControlType;',
  'inherit = [int]$_.InheritanceFlags; propagate = [int]$_.PropagationFlags } });',
  '@{ isProtected = $s.AreAccessRulesProtected; rules = $r } } catch { @{ error = $_.Exception.Message } } });',
  '$n = @(foreach ($m in $d.names) { try { (New-Object Security.Principal.NTAccount $m)',
  ".Translate([Security.Principal.SecurityIdentifier]).Value } catch { '' } });",
  'Out-Data @{ acls = $a; sids = $n }',
]
  .join(' ')
  .replaceAll(') .', ').');

interface Answer {
  acls: ({ error: string } | { isProtected: boolean; rules: (Omit<Rule, 'deny'> & { deny: number })[] })[];
  /** '' for a name that nobody knows. */
  sids: string[];
}

export interface Access {
  /** By path as asked for; a Failure for one that can't be read. */
  acls: Map<string, Acl | Failure>;
  /** By name as asked for; left out where Windows knows none. */
  sids: Map<string, string>;
}

/** The lists of all paths and the SIDs of all names, in one process; none when it is known without. */
export async function readAccess(io: ReadIo, paths: string[], names: string[]): Promise<Access> {
  const common = names.map(name => [name, commonSid(name)] as const);
  const known = common.filter((one): one is [string, string] => one[1] !== undefined);
  const asked = [...new Set(common.filter(([, sid]) => sid === undefined).map(([name]) => name))];
  const { acls, sids } =
    paths.length + asked.length === 0
      ? { acls: [], sids: [] }
      : await readPowershell<Answer>(io, script, { paths, names: asked }, 'reading access control lists');
  return {
    acls: new Map(paths.map((path, at) => [path, aclOf(path, acls[at])])),
    sids: new Map([...known, ...asked.flatMap((name, at) => (sids[at] ? [[name, sids[at]] as const] : []))]),
  };
}

function aclOf(path: string, answer: Answer['acls'][number] | undefined): Acl | Failure {
  if (answer && !('error' in answer)) {
    const rules = answer.rules.map(rule => ({ ...rule, deny: rule.deny === 1, mask: rule.mask >>> 0 }));
    return { isProtected: answer.isProtected, rules };
  }
  const why = answer ? `: ${answer.error.replace(/\s+/g, ' ')}` : '';
  return new Failure(
    world('acl-unreadable', `the access control list of ${path} can't be read${why}`, {
      hint: 'run converge as an administrator',
    }),
  );
}

/** Milliseconds. */
const limit = 5 * 60_000;

/**
 * Changes the list of one file or directory; `options` as icacls takes them. Rejects with a Failure (world).
 */
export async function icacls(io: WriteIo, path: string, options: string[]): Promise<void> {
  await io.step(`icacls ${path}`);
  const file = system32(io, 'icacls.exe');
  const command = { file, args: [path, ...options, '/q'], timeout: limit };
  await runTool(io, tool, command, `the access control list of ${path} was not set`);
}

const tool: Tool = {
  name: 'icacls',
  failed: 'acl-not-set',
  exits: {
    2: { why: 'it is not there', hint: 'declare it, or run again' },
    3: { why: 'its directory is not there', hint: 'declare it, or run again' },
    5: {
      why: 'access is denied',
      hint: 'run converge as an administrator; its owner may have to grant that first',
    },
    1332: { why: 'an account has no SID here', hint: 'check the names in `permissions`' },
  },
};
