import type { SeenFact } from './format.ts';

export interface FirewallLook {
  on: boolean;
  /** All is kept out, whatever the rules say. */
  blocksAll: boolean;
  /** Those that are on, for what comes in by TCP. */
  rules: IncomingRule[];
}

export interface IncomingRule {
  name: string;
  allows: boolean;
  ports: string;
  from: string;
  program: string;
  service: string;
}

/** Whether RDP comes in from a network that Windows doesn't know, as one in EC2 is at first. */
export function firewallFact({ on, blocksAll, rules }: FirewallLook, port: string): SeenFact {
  if (!on) return { ok: true, what: 'the firewall is off for networks that Windows doesn’t know' };
  if (blocksAll)
    return { ok: false, what: 'the firewall keeps all out from networks that Windows doesn’t know' };
  const ofRdp = rules.filter(rule => isOf(rule, port));
  const against = ofRdp.find(({ allows }) => !allows);
  if (against) return { ok: false, what: `the firewall's rule "${against.name}" keeps RDP out` };
  const lets = ofRdp.filter(({ from }) => !/^\s*LocalSubnet\s*$/i.test(from));
  const [widest] = lets.filter(({ from }) => from === '' || from === '*');
  if (widest) return { ok: true, what: `the firewall lets RDP in ("${widest.name}")` };
  const [some] = lets;
  return some
    ? { ok: true, what: `the firewall lets RDP in from ${some.from} ("${some.name}")` }
    : { ok: false, what: `no rule of the firewall lets RDP (TCP ${port}) in from networks it doesn’t know` };
}

function isOf({ ports, program, service }: IncomingRule, port: string): boolean {
  const isPort =
    ports === '' ||
    ports.split(',').some(item => {
      const [from = '', to = from] = item.split('-').map(part => part.trim());
      return from === '*' || (Number(from) <= Number(port) && Number(port) <= Number(to));
    });
  const isProgram = program === '' || /(^|\\)(system|svchost\.exe)$/i.test(program);
  return isPort && isProgram && /^(\*|termservice)?$/i.test(service);
}
