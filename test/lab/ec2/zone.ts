import { expect } from 'vitest';
import type { Lab } from '../../../src/lab/lab.ts';
import { awsCall } from './fixture.ts';

const xmlns = 'https://route53.amazonaws.com/doc/2013-04-01/';

/** Route 53 of a lab. `content`: what is in the document of that operation. */
export function zoneCalls(lab: Lab) {
  const call = awsCall(lab, 'route53');
  const post = (operation: string, path: string, content: string) =>
    call('POST', `/2013-04-01/${path}`, {
      xml: `<${operation}Request xmlns="${xmlns}">${content}</${operation}Request>`,
    });
  const get = (path: string, query: Record<string, string> = {}) =>
    call('GET', `/2013-04-01/${path}`, { query });
  return { post, get };
}

/** A new hosted zone: its id. `vpc`: it is a private one. */
export async function aZone(lab: Lab, name: string, vpc?: string): Promise<string> {
  const inside = vpc === undefined ? '' : `<VPC><VPCRegion>eu-west-1</VPCRegion><VPCId>${vpc}</VPCId></VPC>`;
  const content = `<Name>${name}</Name>${inside}<CallerReference>${name} ${vpc}</CallerReference>`;
  const { status, body } = await zoneCalls(lab).post('CreateHostedZone', 'hostedzone', content);
  expect([status, body.toString()]).toEqual([201, expect.stringContaining('/hostedzone/Z')]);
  return /<Id>\/hostedzone\/(Z\w+)<\/Id>/.exec(body.toString())![1]!;
}
