import type { Diagnostic } from '../diagnostics/diagnostic.ts';
import { duration } from '../io/units.ts';
import { skewOf } from '../replication/cycle/clock-skew.ts';
import {
  type Answer,
  type Finding,
  findingsOf,
  leftOut,
  ok,
  problem,
  type Subject,
  warn,
} from './finding.ts';

import { judgeProxy, type ProxyFacts } from './proxy.ts';

/** What a bucket is set to; each may be refused by itself. */
export interface BucketFacts {
  name: string;
  prefix: string;
  versioning: Answer<boolean>;
  publicAccessBlocked: Answer<boolean>;
  /** Its policy as text; undefined: it has none. */
  policy: Answer<string | undefined>;
  lifecycle: Answer<readonly LifecycleRule[]>;
  /** Only where the repository is to be locked. */
  lock?: { on: Answer<boolean>; byDefault: Answer<boolean> };
}

/** Of a rule of S3, what takes current objects away. */
export interface LifecycleRule {
  id: string;
  enabled: boolean;
  prefix: string;
  /** It removes what nobody has replaced. */
  expires: boolean;
  /** The class of an archive that it puts that into, which has to be brought back before it is read. */
  archives?: string;
}

/** What was read of a repository. */
export interface RepositoryFacts {
  /** Of one in a bucket. */
  proxy?: ProxyFacts;
  /** Who calls; left out for a folder. */
  caller?: Answer<string>;
  /** The manifests declare its bucket, so that the next apply makes it. */
  bucketDeclared?: true;
  /** No protected VM names it, but an alert route, which makes it. */
  madeByApply?: true;
  list: Answer<unknown>;
  /** Whether the repository is there; undefined: it isn't yet. */
  configuration: Answer<{ keys: number } | undefined>;
  /** It isn't the one that earlier runs from here know. */
  lost?: Diagnostic;
  /**
   * Of writes whose conditions can't be met, and whether replacing was one of them; left out where nothing is
   * there to hold them against.
   */
  conditions?: Answer<boolean>;
  opened?: Answer<unknown>;
  /**
   * Where its key comes from, `file:repository.key`, and whether one could be read there; left out: none is
   * declared.
   */
  key?: { from: string; read: Answer<unknown> };
  /** Milliseconds by which the clock of the store is ahead of this machine's. */
  ahead: number;
  /** Of a repository whose objects are to be locked. */
  locks?: {
    /** As it is written: `30d`. */
    span: string;
    /** Milliseconds, and since when all locks of each VM were looked at; undefined: never. */
    for: number;
    looked: Answer<readonly { vm: string; ago: number | undefined }[]>;
  };
  bucket?: BucketFacts;
}

/** Pure. @param url of the repository, as it was written */
export function judgeRepository(url: string, facts: RepositoryFacts): Finding[] {
  const about = (what: string, looked: string): Subject => ({ of: url, what, looked });
  const { caller, list, configuration, ahead, bucket, proxy, lost } = facts;
  const who = about('caller', 'sts:GetCallerIdentity');
  const way = proxy === undefined ? [] : judgeProxy(url, proxy);
  const callers =
    caller === undefined ? [] : 'failed' in caller ? unasked(who, caller.failed) : [ok(who, caller.value)];
  const listing = about('list', caller ? 's3:ListBucket' : 'list of the folder');
  if ('failed' in list) {
    const isToCome = facts.bucketDeclared && list.failed.every(({ code }) => code === 'bucket-not-found');
    return [
      ...way,
      ...callers,
      ...(isToCome
        ? [leftOut(listing, 'the bucket is not there yet', 'it is declared: `converge apply` makes it')]
        : findingsOf(listing, list.failed, undefined)),
      ...(facts.key ? keyOf(about, facts) : []),
    ];
  }
  const reading = about('read', `${bucket ? 's3:GetObject' : 'read'} of converge.json`);
  return [
    ...way,
    ...callers,
    ok(listing, 'allowed'),
    ...findingsOf(
      reading,
      'failed' in configuration ? configuration.failed : lost ? [lost] : [],
      'value' in configuration && configuration.value
        ? 'allowed'
        : facts.madeByApply
          ? 'allowed; `converge apply` makes the repository'
          : 'allowed; the first cycle makes the repository',
    ),
    ...conditionsOf(about, facts),
    ...keyOf(about, facts),
    ...findingsOf(
      about('clock', bucket ? 'Date of its answers' : 'this machine'),
      skewOf(url, ahead, 'the age of its leases is'),
      "within a minute of this machine's",
    ),
    ...(bucket ? bucketOf(about, bucket) : []),
    ...locksOf(about, facts),
  ];
}

function locksOf(about: About, { locks, bucket }: RepositoryFacts): Finding[] {
  if (!locks) return [];
  const judged = (
    what: string,
    looked: string,
    answer: Answer<boolean> | undefined,
    judge: (subject: Subject, value: boolean) => Finding,
  ): Finding[] => {
    const subject = about(what, looked);
    if (answer === undefined) return [];
    return 'failed' in answer ? unasked(subject, answer.failed) : [judge(subject, answer.value)];
  };
  const action = 's3:GetBucketObjectLockConfiguration';
  const who = about('locks', 'what was written down of them when they were lengthened');
  return [
    ...judged('object lock', action, bucket?.lock?.on, (subject, on) =>
      on
        ? ok(subject, `on; each object is locked for ${locks.span}`)
        : problem(
            subject,
            `the bucket ${bucket!.name} can't lock objects, and \`lock\` is declared: cycles fail`,
            `declare it: \`bucket: { ${bucket!.name}: { versioning: true, object_lock: true } }\``,
          ),
    ),
    ...judged('lock by default', action, bucket?.lock?.byDefault, (subject, byDefault) =>
      byDefault
        ? warn(
            subject,
            `the bucket ${bucket!.name} locks every new object, also what each cycle replaces: all versions of it stay`,
            'remove the default retention of the bucket; converge locks what has to stay',
          )
        : ok(subject, 'none: what cycles replace stays free'),
    ),
    ...('failed' in locks.looked
      ? unasked(who, locks.looked.failed)
      : locks.looked.value.map(({ vm, ago }) =>
          ago !== undefined && ago < locks.for / 2
            ? ok(who, `${vm}: looked at ${duration(ago)} ago`)
            : warn(
                who,
                `${vm}: ${ago === undefined ? 'nobody has lengthened its locks' : `its locks were lengthened ${duration(ago)} ago`}, and what is written is locked for ${locks.span}`,
                'run `converge repository extend-locks` with the credentials of the extender, best each day',
              ),
        )),
  ];
}

type About = (what: string, looked: string) => Subject;

function conditionsOf(about: About, { conditions, configuration, lost, bucket }: RepositoryFacts): Finding[] {
  const what = about(
    'write, compare-and-swap',
    `${bucket ? 's3:PutObject' : 'write'} of converge.json and of the roster under conditions that can't be met`,
  );
  if (conditions === undefined)
    return 'failed' in configuration || lost
      ? []
      : [
          leftOut(
            what,
            'there is no repository yet, and an object that was left in its place would keep it from being made',
            'whoever makes it proves it before anything is written',
          ),
        ];
  return 'failed' in conditions
    ? findingsOf(what, conditions.failed, undefined)
    : [
        ok(
          what,
          conditions.value
            ? 'allowed; If-None-Match and If-Match are honoured, and nothing was written'
            : 'allowed; If-None-Match is honoured, and nothing was written; If-Match is tried once a VM has a point',
        ),
      ];
}

function keyOf(about: About, { key, list, opened, configuration }: RepositoryFacts): Finding[] {
  const what = about('key', 'converge.json, and where the manifests say that the key is');
  if (key && 'failed' in key.read) return findingsOf(what, key.read.failed, undefined);
  if (opened && 'failed' in opened) return findingsOf(what, opened.failed, undefined);
  if ('failed' in list || 'failed' in configuration)
    return [
      leftOut(
        what,
        `${key ? `${key.from} holds a key; whether it opens the repository` : 'whether the repository is encrypted'}, nobody could see`,
        'see what is said about list and read',
      ),
    ];
  if (key === undefined) return findingsOf(what, [], 'not encrypted by converge');
  const keys = configuration.value?.keys ?? 1;
  if (/^(ssm|secretsmanager):/.test(key.from)) return [ok(what, `${key.from}, which outlives this machine`)];
  if (keys > 1) return [ok(what, `${key.from}, one of ${keys} keys that open it`)];
  return [
    warn(
      what,
      `${key.from} is on this machine, and it is the only key that opens the repository`,
      'keep a copy of it elsewhere, or declare it as secretsmanager:NAME or ssm:NAME: without it no point can be restored',
    ),
  ];
}

function bucketOf(about: About, bucket: BucketFacts): Finding[] {
  const { name } = bucket;
  const judged = <T>(
    what: string,
    action: string,
    answer: Answer<T>,
    judge: (subject: Subject, value: T) => Finding[],
  ): Finding[] => {
    const subject = about(what, action);
    return 'failed' in answer ? unasked(subject, answer.failed) : judge(subject, answer.value);
  };
  return [
    ...judged('versioning', 's3:GetBucketVersioning', bucket.versioning, (what, on) => [
      on
        ? ok(what, 'on')
        : warn(
            what,
            `the bucket ${name} keeps no versions: what is overwritten or deleted is gone`,
            `declare it: \`bucket: { ${name}: { versioning: true } }\``,
          ),
    ]),
    ...judged(
      'public access',
      's3:GetBucketPublicAccessBlock',
      bucket.publicAccessBlocked,
      (what, blocked) => [
        blocked
          ? ok(what, 'blocked')
          : warn(
              what,
              `the bucket ${name} doesn't block public access`,
              'declare the bucket, which blocks it, or block all four kinds in the S3 console',
            ),
      ],
    ),
    ...judged('policy', 's3:GetBucketPolicy', bucket.policy, (what, policy) => [
      policyFinding(what, name, policy),
    ]),
    ...judged('lifecycle', 's3:GetLifecycleConfiguration', bucket.lifecycle, (what, rules) => {
      const concerning = rules.filter(rule => concerns(rule, bucket.prefix));
      const bad = concerning.flatMap(({ id, expires, archives }) => [
        ...(expires
          ? [
              problem(
                what,
                `the rule ${id} of the bucket ${name} removes objects by their age, whether points need them or not`,
                'remove its expiration of current versions; `converge prune` removes what no point needs',
              ),
            ]
          : []),
        ...(archives === undefined
          ? []
          : [
              problem(
                what,
                `the rule ${id} of the bucket ${name} puts objects into an archive (${archives}) by their age, where neither a restore nor a cycle can read them`,
                'remove its transition to that class, or let its filter leave out this prefix; GLACIER_IR and STANDARD_IA can be read at once',
              ),
            ]),
      ]);
      return bad.length === 0 ? [ok(what, 'no rule removes or archives what points need')] : bad;
    }),
  ];
}

/** A mover works without these rights. */
function unasked(about: Subject, failed: readonly Diagnostic[]): Finding[] {
  return failed.every(({ code }) => code === 'aws-access-denied' || code === 'aws-error')
    ? [leftOut(about, failed.map(({ message }) => message).join('; '), 'ask with a role that may look')]
    : findingsOf(about, failed, undefined);
}

/** Whether a rule is about what is below the prefix, or about all that the prefix is in. */
const concerns = ({ enabled, prefix }: LifecycleRule, repository: string): boolean =>
  enabled &&
  (`${repository}/`.startsWith(prefix) ||
    (repository !== '' && prefix.startsWith(`${repository}/`)) ||
    repository === '');

function policyFinding(what: Subject, name: string, policy: string | undefined): Finding {
  if (policy === undefined) return ok(what, 'none: what roles are allowed alone counts');
  const statements = statementsOf(policy);
  if (!statements)
    return leftOut(
      what,
      `the policy of the bucket ${name} is nothing that can be read here`,
      'look in the S3 console whether it lets everybody in',
    );
  const open = statements.flatMap(one => {
    const whom = one.Effect === 'Allow' ? everybody(one) : undefined;
    return whom === undefined ? [] : [{ whom, conditions: conditionsIn(one.Condition) }];
  });
  const free = open.find(({ conditions }) => conditions.length === 0);
  if (free)
    return problem(
      what,
      `the policy of the bucket ${name} lets everybody in: ${free.whom} without a condition`,
      'name the accounts or roles in its Principal',
    );
  if (open.length > 0)
    return warn(
      what,
      `the policy of the bucket ${name} lets everybody in who fits a condition: ${open.map(({ whom, conditions }) => `${whom} with ${conditions.join(', ')}`).join('; ')}`,
      'look whether that condition keeps strangers out, or name the accounts or roles in its Principal',
    );
  return ok(what, 'it does not let everybody in');
}

type Statement = Readonly<Record<string, unknown>>;

/** Undefined: it isn't a policy. */
function statementsOf(policy: string): Statement[] | undefined {
  try {
    const { Statement } = JSON.parse(policy) as { Statement?: unknown };
    const statements = [Statement].flat();
    return statements.every(isRecord) ? statements : undefined;
  } catch {
    return undefined;
  }
}

const isRecord = (value: unknown): value is Statement => typeof value === 'object' && value !== null;

/** How a statement means everybody; `NotPrincipal` means all but whom it names. */
function everybody({ Principal, NotPrincipal }: Statement): string | undefined {
  if (NotPrincipal !== undefined) return 'NotPrincipal';
  const whom = isRecord(Principal) ? Object.values(Principal) : [Principal];
  return whom.flat().includes('*') ? 'Principal "*"' : undefined;
}

/** `StringEquals aws:SourceVpce`; an operator without a key asks for nothing. */
const conditionsIn = (condition: unknown): string[] =>
  Object.entries(isRecord(condition) ? condition : {}).flatMap(([operator, keys]) =>
    Object.keys(isRecord(keys) ? keys : {}).map(key => `${operator} ${key}`),
  );
