import { type Fields, readRules } from '../netsh/firewall.ts';
import { type Cmdlet, list, wrote } from './cmdlet.ts';

/** `Rules` of HNetCfg.FwPolicy2, those whose names are asked for: enumerations are numbers there. */
export const firewallRules: Cmdlet = async ({ names }, _, { files }) => {
  const asked = list(names).map(name => name.toLowerCase());
  const rules = (await readRules(files)).filter(fields =>
    asked.includes(fields.get('Name')?.toLowerCase() ?? ''),
  );
  return wrote({ rules: rules.map(asObject) });
};

const bits: Record<string, number> = { Domain: 1, Private: 2, Public: 4 };

/** A rule as INetFwRule has it. */
export const asObject = (fields: Fields) => ({
  name: fields.get('Name') ?? '',
  direction: fields.get('Dir') === 'Out' ? 2 : 1,
  action: fields.get('Action') === 'Allow' ? 1 : 0,
  enabled: fields.get('Active') === 'TRUE',
  protocol: Number(fields.get('Protocol') ?? 256),
  localPorts: fields.get('LPort') ?? (fields.has('Protocol') ? '*' : ''),
  remotePorts: fields.get('RPort') ?? (fields.has('Protocol') ? '*' : ''),
  localAddresses: (fields.get('LA4') ?? '*').split(',').map(withMask).join(','),
  service: fields.get('Svc') ?? '',
  interfaceTypes: fields.get('IFType') ?? 'All',
  edgeTraversal: fields.get('Edge') === 'TRUE',
  description: fields.get('Desc') ?? '',
  remoteAddresses: (fields.get('RA4') ?? '*').split(',').map(withMask).join(','),
  profiles:
    fields
      .get('Profile')
      ?.split(',')
      .reduce((all, name) => all | (bits[name] ?? 0), 0) ?? 0x7fffffff,
  program: fields.get('App') ?? '',
});

/** Addresses of version 4 are given with a mask, whatever they were written with. */
function withMask(address: string): string {
  const [, base, length = '32'] = /^(\d+\.\d+\.\d+\.\d+)(?:\/(\d+))?$/.exec(address) ?? [];
  if (base === undefined) return address;
  const mask = (0xffffffff << (32 - Number(length))) >>> 0;
  const parts = [24, 16, 8, 0].map(shift => (Number(length) === 0 ? 0 : (mask >>> shift) & 255));
  return `${base}/${parts.join('.')}`;
}
