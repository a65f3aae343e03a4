import { Failure } from '../../diagnostics/diagnostic.ts';
import type { RecoveryConnection } from './connection.ts';
import { type SignedCall, signedCall } from './signed-call.ts';

/** What other services than EC2 have to do with a VPC, as words, and what nobody here may ask them. */
export interface Associated {
  doors: string[];
  unseen: string[];
}

interface Look {
  /** What it looks for, as in `no ... of the VPC`. */
  what: string;
  call: Omit<SignedCall, 'thing' | 'query'>;
  query: Readonly<Record<string, string>>;
  /** What the token of the next page is called where it is asked for. */
  next: string;
  read(text: string): { doors: string[]; token?: string | undefined };
}

/**
 * All that gives a VPC names or services from elsewhere without a route, a gateway or an endpoint of it. What
 * may not be asked is told: it isn't known to be shut.
 *
 * @throws Failure for whatever else goes wrong
 */
export async function associationsOf(
  connection: RecoveryConnection,
  vpc: string,
  signal?: AbortSignal,
): Promise<Associated> {
  const all = await Promise.all(
    looksAt(connection.settings.region, vpc).map(async (look): Promise<Associated> => {
      const doors: string[] = [];
      try {
        let token: string | undefined;
        do {
          const query = { ...look.query, ...(token !== undefined && { [look.next]: token }) };
          const page = look.read(await signedCall(connection, { ...look.call, thing: vpc, query }, signal));
          doors.push(...page.doors);
          token = page.token;
        } while (token !== undefined);
        return { doors, unseen: [] };
      } catch (error) {
        if (!isDenied(error)) throw error;
        return { doors, unseen: [`${look.what} (${look.call.action} is not allowed)`] };
      }
    }),
  );
  return { doors: all.flatMap(({ doors }) => doors), unseen: all.flatMap(({ unseen }) => unseen) };
}

const isDenied = (error: unknown): boolean =>
  error instanceof Failure && error.diagnostics.some(({ code }) => code === 'aws-access-denied');

const gone = /^(DELETED|FAILED|CREATE_FAILED)$/;

function looksAt(region: string, vpc: string): Look[] {
  const suffix = region.startsWith('cn-') ? '.cn' : '';
  return [
    {
      what: 'Route 53 profiles',
      call: {
        called: 'Route 53 Profiles',
        service: 'route53profiles',
        action: 'route53profiles:ListProfileAssociations',
        host: `route53profiles.${region}.amazonaws.com${suffix}`,
        path: '/profileassociations',
      },
      query: { resourceId: vpc },
      next: 'nextToken',
      read(text) {
        const { ProfileAssociations: found = [], NextToken } = JSON.parse(text) as {
          ProfileAssociations?: { ProfileId?: string; Status?: string }[];
          NextToken?: string;
        };
        const live = found.filter(({ Status }) => !gone.test(Status ?? ''));
        return {
          doors: live.map(({ ProfileId }) => `Route 53 profile ${ProfileId ?? 'without an id'}`),
          token: NextToken,
        };
      },
    },
    {
      what: 'service networks of VPC Lattice',
      call: {
        called: 'VPC Lattice',
        service: 'vpc-lattice',
        action: 'vpc-lattice:ListServiceNetworkVpcAssociations',
        host: `vpc-lattice.${region}.amazonaws.com${suffix}`,
        path: '/servicenetworkvpcassociations',
      },
      query: { vpcIdentifier: vpc },
      next: 'nextToken',
      read(text) {
        const { items = [], nextToken } = JSON.parse(text) as {
          items?: { serviceNetworkId?: string; status?: string }[];
          nextToken?: string;
        };
        const live = items.filter(({ status }) => !gone.test(status ?? ''));
        return {
          doors: live.map(
            ({ serviceNetworkId }) => `service network ${serviceNetworkId ?? 'without an id'} of VPC Lattice`,
          ),
          token: nextToken,
        };
      },
    },
    {
      what: 'private hosted zones',
      call: {
        called: 'Route 53',
        service: 'route53',
        action: 'route53:ListHostedZonesByVPC',
        ...globalOf(region),
        path: '/2013-04-01/hostedzonesbyvpc',
      },
      query: { vpcid: vpc, vpcregion: region },
      next: 'nexttoken',
      read: text => ({
        doors: [...text.matchAll(/<HostedZoneSummary>([\s\S]*?)<\/HostedZoneSummary>/g)].map(
          ([, zone = '']) =>
            `private hosted zone ${valueIn(zone, 'Name') ?? 'without a name'} (${valueIn(zone, 'HostedZoneId') ?? '?'})`,
        ),
        token: valueIn(text, 'NextToken'),
      }),
    },
  ];
}

/** Route 53 is one service for all regions of a partition. Source: AWS General Reference, its endpoints. */
function globalOf(region: string): Pick<SignedCall, 'host' | 'region'> {
  if (region.startsWith('cn-')) return { host: 'route53.amazonaws.com.cn', region: 'cn-northwest-1' };
  if (region.startsWith('us-gov-')) return { host: 'route53.us-gov.amazonaws.com', region: 'us-gov-west-1' };
  return { host: 'route53.amazonaws.com', region: 'us-east-1' };
}

const valueIn = (xml: string, name: string): string | undefined =>
  new RegExp(`<${name}>([^<]*)</${name}>`).exec(xml)?.[1];
