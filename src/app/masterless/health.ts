import pLimit from 'p-limit';
import type { Ec2Fleet, FleetInstance } from '../../aws/fleet.ts';
import type { Content } from '../../content/content.ts';
import { httpUrl } from '../../content/http.ts';
import { Failure, given } from '../../diagnostics/diagnostic.ts';

/** How health is asked for: by EC2's status checks, or by a GET that must answer 200. */
export type Probe = { by: 'ec2' } | { by: 'http'; template: string };

const places = { '{private_ip}': 'privateIp', '{public_ip}': 'publicIp' } as const;
const atOnce = 16;
/** Of one probe, ms. */
const probeTime = 10_000;

/** The probes that `--health` names. Throws a Failure for what isn't a probe. */
export function probesOf(texts: readonly string[]): Probe[] {
  if (texts.includes('none') && texts.length > 1)
    throw new Failure(given('bad-health', '--health none cannot be combined with another --health'));
  return texts.flatMap((text): Probe[] => {
    if (text === 'none') return [];
    if (text === 'ec2') return [{ by: 'ec2' }];
    const unknown = /\{[^}]*\}/g.exec(text.replaceAll(/\{(private|public)_ip\}/g, ''));
    if (unknown) throw notAProbe(text, `${unknown[0]} stands for nothing`);
    if (!/^https?:\/\//i.test(text)) throw notAProbe(text, 'no probe');
    if (!URL.canParse(withAddress(text))) throw notAProbe(text, 'not a URL');
    checkUrl(text);
    return [{ by: 'http', template: text }];
  });
}

const notAProbe = (text: string, why: string): Failure =>
  new Failure(
    given('bad-health', `--health ${text}: ${why}`, {
      hint: 'write ec2, none, or a URL such as http://{private_ip}/health or http://{public_ip}/health',
    }),
  );

const withAddress = (template: string): string => template.replaceAll(/\{\w+\}/g, '192.0.2.1');

/** With an address in its place; a Failure says which option it was. */
function checkUrl(template: string): void {
  try {
    httpUrl(withAddress(template));
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    throw new Failure(error.diagnostics.map(one => ({ ...one, message: `--health: ${one.message}` })));
  }
}

/** Why instances aren't healthy, by the first probe that says so; those that are have no entry. */
export async function illBy(
  probes: readonly Probe[],
  instances: readonly FleetInstance[],
  { ec2, open }: { ec2: Pick<Ec2Fleet, 'ill'>; open: Content['open'] },
): Promise<Map<string, string>> {
  const ill = new Map<string, string>();
  const limit = pLimit(atOnce);
  for (const probe of probes) {
    const well = instances.filter(({ id }) => !ill.has(id));
    if (probe.by === 'ec2') {
      for (const [id, why] of await ec2.ill(well.map(({ id }) => id))) ill.set(id, why);
      continue;
    }
    await Promise.all(
      well.map(instance =>
        limit(async () => {
          const why = await failed(probe.template, instance, open);
          if (why !== undefined) ill.set(instance.id, why);
        }),
      ),
    );
  }
  return ill;
}

/** Why a GET of the URL did not answer 200; undefined when it did. */
async function failed(
  template: string,
  instance: FleetInstance,
  open: Content['open'],
): Promise<string | undefined> {
  let url = template;
  for (const [place, field] of Object.entries(places)) {
    if (!template.includes(place)) continue;
    const address = instance[field];
    if (address === undefined) return `it has no address for ${place}`;
    url = url.replaceAll(place, address);
  }
  const late = AbortSignal.timeout(probeTime);
  try {
    const answer = await open({ kind: 'web', url }, { signal: late });
    if (answer !== 'unchanged') answer.close();
    return undefined;
  } catch (error) {
    if (error instanceof Failure) return error.diagnostics[0]?.message ?? error.message;
    if (late.aborted) return `${url} did not answer within ${probeTime / 1000} s`;
    throw error;
  }
}
