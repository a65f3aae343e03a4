import type { Meanings } from './meaning.ts';

export const alerts = {
  'alert-address': {
    means: 'The receiver of an alert is at an address that is not on the public Internet.',
    wayOut: 'Write `private: true` in the webhook if it is meant to be in a network of your own.',
  },
  'alert-kept-in-lab': {
    means: 'A lab sends nothing to another machine, so it told nobody there (a warning).',
    wayOut: 'Give the route a receiver at 127.0.0.1, ::1 or localhost, or run it without `--lab`.',
  },
  'alert-retired': {
    means: 'Alerts were to go to an Office 365 connector, which Microsoft retires.',
    wayOut: 'Give the URL of a Teams workflow, with `shape: teams`.',
  },
  'alert-transport': {
    means: 'An `alert_route` has no way to tell, or several, or half of one.',
    wayOut: 'Give it one of `smtp`, `webhook`, `sns`, `event_log` and `heartbeat`, whole.',
  },
  'alert-undelivered': {
    means: 'An alert could not be delivered.',
    wayOut: 'Try the route with `converge alert test`; as long as the alert lasts it is tried again.',
  },
  'alert-url': {
    means: 'Alerts are not sent to such a URL.',
    wayOut: 'Write `https://HOST/PATH`, without a password before the host.',
  },
  'no-such-route': {
    means: 'No `alert_route` of that name is declared.',
    wayOut: 'Name one that the manifests declare.',
  },
} as const satisfies Meanings;
