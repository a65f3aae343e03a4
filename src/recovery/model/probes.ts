/** What is asked of one machine; `within`: milliseconds from when it runs. */
export type Probe = { within: number } & (
  | { kind: 'status' }
  | { kind: 'console'; text: string }
  | { kind: 'picture' }
  | { kind: 'tcp'; port: number }
  | { kind: 'http'; port: number; path: string; status: number; contains?: string }
);

const IN_EC2 = 'EC2';
export const HERE = 'this machine';
export const IN_GUEST = 'the machine itself';
export const INSIDE = 'a prober in the network';

/**
 * Where a probe runs: EC2 looks at a machine from outside of its network, everything else goes through a
 * network.
 */
export const placeOf = ({ kind }: Pick<Probe, 'kind'>): typeof IN_EC2 | typeof HERE =>
  kind === 'tcp' || kind === 'http' ? HERE : IN_EC2;

/** The same for a test that has a prober in its network. @param inside whether it has */
export const placeIn = (probe: Pick<Probe, 'kind'>, inside: boolean): string =>
  inside && placeOf(probe) === HERE ? INSIDE : placeOf(probe);

/** A probe in words: `HTTP GET /health at port 8080 says 200 with "ok"`. */
export function describeProbe(probe: Probe): string {
  switch (probe.kind) {
    case 'status':
      return 'status checks';
    case 'console':
      return `console says "${probe.text}"`;
    case 'picture':
      return 'picture of the console';
    case 'tcp':
      return `TCP port ${probe.port}`;
    case 'http': {
      const { path, port, status, contains } = probe;
      return `HTTP GET ${path} at port ${port} says ${status}${contains === undefined ? '' : ` with "${contains}"`}`;
    }
  }
}

/**
 * What came of an attempt to reach a machine from here. `silent`: nothing came back, which says as little of
 * the machine as of the way to it.
 */
export type Reached =
  | { state: 'silent'; why: string }
  | { state: 'refused'; why: string }
  | { state: 'answered'; status?: number; body?: Buffer };

/**
 * Reaches machines by their private address from where converge runs. Nothing of it is thrown but the
 * signal's reason.
 */
export interface Prober {
  tcp(address: string, port: number, signal?: AbortSignal): Promise<Reached>;
  /** One GET that follows no redirect. `body`: no more than its first `most` bytes. */
  http(
    address: string,
    asked: { port: number; path: string; most: number },
    signal?: AbortSignal,
  ): Promise<Reached>;
}
