import type { Code } from '../../diagnostics/codes.ts';
import { Failure, world } from '../../diagnostics/diagnostic.ts';
import { isOwnFault, passingProxyFailures } from '../../network/failures.ts';

/** Codes of failures that may pass by themselves; only what is idempotent may be tried again. */
const TRANSIENT = [
  'vsphere-unreachable',
  'vsphere-timeout',
  'vsphere-connection-lost',
  'vsphere-unavailable',
  'vsphere-bad-range',
  ...passingProxyFailures,
] as const satisfies Code[];

export const isTransient = (error: unknown): boolean =>
  error instanceof Failure && error.hasOnly(...TRANSIENT);

const UNREACHABLE: Record<string, string> = {
  ECONNREFUSED: 'nothing listens there',
  EHOSTUNREACH: 'no route to the host',
  ENETUNREACH: 'no route to the network',
  EHOSTDOWN: 'the host is down',
};

/**
 * What a socket or TLS error means, in words. `abort` errors and Failures pass unchanged.
 * @param where `host:port`
 */
export function networkFailure(error: unknown, where: string): unknown {
  if (error instanceof Failure || !(error instanceof Error) || isOwnFault(error)) return error;
  const code = (error as NodeJS.ErrnoException).code ?? '';
  if (error.name === 'AbortError' || code === 'ABORT_ERR') return error;
  const fail = (name: Code, message: string, hint: string) =>
    new Failure(world(name, message, { hint }), { cause: error });
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN' || code === 'EAI_NONAME') {
    return fail(
      code === 'EAI_AGAIN' ? 'vsphere-unreachable' : 'vsphere-name-unknown',
      `The vSphere server's name in ${where} cannot be resolved (${code}).`,
      "Check the spelling of the target's url and this machine's DNS.",
    );
  }
  if (code === 'ETIMEDOUT') {
    return fail(
      'vsphere-timeout',
      `The vSphere server at ${where} did not answer in time.`,
      'Check that a firewall lets this machine through to that port, and whether the server is overloaded.',
    );
  }
  const reason = UNREACHABLE[code];
  if (reason) {
    return fail(
      'vsphere-unreachable',
      `The vSphere server at ${where} cannot be reached: ${reason} (${code}).`,
      "Check host and port of the target's url, and that the server runs.",
    );
  }
  if (/^(ERR_SSL_|EPROTO)/.test(code)) {
    return fail(
      'vsphere-no-tls',
      `What listens at ${where} does not speak TLS as a vSphere server does (${code}).`,
      "Check the port of the target's url; vCenter and ESXi use 443.",
    );
  }
  return fail(
    'vsphere-connection-lost',
    `The connection to the vSphere server at ${where} broke${code ? ` (${code})` : ''}.`,
    'Run again; if it repeats, look for a proxy or firewall that cuts connections.',
  );
}
