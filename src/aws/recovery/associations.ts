import { Failure } from '../../diagnostics/diagnostic.ts';
import { type SignedCall, signedCall } from '../signed-call.ts';
import type { RecoveryConnection } from './connection.ts';
import { globalOf } from './dns/route53.ts';

/** What Route 53 has to do with a VPC, as words, and what nobody here may ask it. */
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
 * All that gives a VPC names from elsewhere, and no route, gateway or endpoint of it shows. What may not be
 * asked is told: it isn't known to be shut.
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

const gone = /^(DELETED|FAILED)$/;

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

const valueIn = (xml: string, name: string): string | undefined =>
  new RegExp(`<${name}>([^<]*)</${name}>`).exec(xml)?.[1];

/** The rule that every VPC has: names that nothing else is said about go to Amazon's own resolver. */
const OWN_RULE = 'rslvr-autodefined-rr-internet-resolver';

interface RulesPage {
  ResolverRuleAssociations?: { ResolverRuleId?: string }[];
  NextToken?: string;
}

/**
 * Rules of Route 53 Resolver that a VPC has: what sends its questions for names elsewhere, and no route
 * shows. Source: Route 53 Resolver API reference, ListResolverRuleAssociations.
 */
export async function resolverRules(
  connection: RecoveryConnection,
  vpc: string,
  signal?: AbortSignal,
): Promise<string[]> {
  const { region } = connection.settings;
  const rules: string[] = [];
  let token: string | undefined;
  do {
    const input = {
      Filters: [{ Name: 'VPCId', Values: [vpc] }],
      MaxResults: 100,
      ...(token !== undefined && { NextToken: token }),
    };
    const answer = await signedCall(
      connection,
      {
        called: 'Route 53 Resolver',
        service: 'route53resolver',
        action: 'route53resolver:ListResolverRuleAssociations',
        thing: vpc,
        host: `route53resolver.${region}.amazonaws.com${region.startsWith('cn-') ? '.cn' : ''}`,
        path: '/',
        json: { target: 'Route53Resolver.ListResolverRuleAssociations', input },
      },
      signal,
    );
    const page = JSON.parse(answer) as RulesPage;
    for (const { ResolverRuleId } of page.ResolverRuleAssociations ?? [])
      if (ResolverRuleId !== OWN_RULE) rules.push(ResolverRuleId ?? 'unnamed');
    token = page.NextToken;
  } while (token !== undefined);
  return rules;
}
