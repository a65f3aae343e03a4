import { expect, test } from 'vitest';
import { canonicalNetwork } from '../../src/io/ip-address.ts';

test.each([
  ['100.68.0.18/18', '100.68.0.0/18'],
  ['10.0.0.0/08', '10.0.0.0/8'],
  ['203.0.113.7/32', '203.0.113.7/32'],
  ['255.255.255.255/0', '0.0.0.0/0'],
  ['FD00::7/8', 'fd00::/8'],
  ['2001:0db8:0:0:8000::1/65', '2001:db8:0:0:8000::/65'],
  ['2001:db8:1:2:3:4:5:6/128', '2001:db8:1:2:3:4:5:6/128'],
  ['::/0', '::/0'],
])('%s is the network %s', (text, network) => {
  expect(canonicalNetwork(text)).toBe(network);
  expect(canonicalNetwork(network)).toBe(network);
});

test.each([
  ...['300.1.1.1/8', '10.0.0.0/33', '10.0.0.0', '10.0.0.0/', '010.0.0.0/8', 'fd00::/129', 'fe80::1%eth0/64'],
  ...['web', 'sg-1/8', ''],
])('%s is no network', text => expect(canonicalNetwork(text)).toBeUndefined());
