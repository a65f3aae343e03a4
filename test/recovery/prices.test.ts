import { expect, test } from 'vitest';
import { hourly } from '../../src/recovery/target/prices.ts';

test.for([
  ['m6i.large', {}, 0.096],
  ['m6i.large', { license: 'aws' }, 0.188],
  ['m6i.2xlarge', { license: 'aws' }, 0.752],
  ['m6i.2xlarge', { license: 'byol' }, 0.384],
  ['c6i.xlarge', {}, 0.17],
  ['r6i.4xlarge', { tenancy: 'default' }, 1.008],
] as const)('an hour of %s, %o', ([type, of, price]) => {
  expect(hourly(type, of)).toBeCloseTo(price, 6);
});

test.for([
  ['t3.micro', {}],
  ['constructor.large', {}],
  ['m6i.metal', {}],
  ['m6i', {}],
  ['m6i.large', { tenancy: 'dedicated' }],
  ['m6i.large', { tenancy: 'host', license: 'byol' }],
] as const)('no price is made up for %s, %o', ([type, of]) => {
  expect(hourly(type, of)).toBeUndefined();
});
