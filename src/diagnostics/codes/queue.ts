import type { Meanings } from './meaning.ts';

export const queue = {
  'bad-queue-url': {
    means: '`--queue` is not the URL of a queue, or holds a password.',
    wayOut:
      'Write `redis://HOST:PORT` or `rediss://USER@HOST`, and the password as `--queue-password file:PATH`.',
  },
  'queue-away': {
    means: 'The queue between agents and workers cannot be reached, or takes nothing more.',
    wayOut: 'Bring it back; until then agents move within their own slots, and return to it by themselves.',
  },
  'queue-ca': {
    means: '`--queue-ca` names no file with a certificate.',
    wayOut: 'Name the PEM file of the authority that signed the certificate of the server.',
  },
  'queue-evicts': {
    means: 'The server of the queue removes keys when its memory is full.',
    wayOut: 'Set `maxmemory-policy noeviction`.',
  },
  'queue-garbled': {
    means: 'Something else than a wake-up lay in the queue, and was taken out.',
    wayOut: 'See who else writes below `converge:` there.',
  },
  'queue-not-kept': {
    means: 'The server of the queue writes nothing to disk (a warning).',
    wayOut: 'Set `appendonly yes`; what is lost otherwise comes back within half a minute.',
  },
  'queue-other-limits': {
    means: 'Two agents have different limits for one vCenter; the lower one holds (a warning).',
    wayOut: 'Give both the same manifests.',
  },
  'queue-other-manifests': {
    means: 'A mover of the same queue has other manifests; it leaves the VM to others (a warning).',
    wayOut: 'Give all agents and workers of a queue the same manifests.',
  },
  'queue-other-version': {
    means: 'A mover of the same queue is another version of converge (a warning).',
    wayOut: 'Expected while an update is rolled out; bring all to one version.',
  },
  'queue-plain': {
    means: 'The password of the queue goes over the network as it is (a warning).',
    wayOut: 'Use `rediss://`.',
  },
  'queue-refused': {
    means: 'The server of a queue refuses user, password or certificate.',
    wayOut: 'See what the message quotes: the user, its password, its rights, or the authority.',
  },
} satisfies Meanings;
