import { expect, it } from 'vitest';
import { addressBucket } from './address-bucket.js';

it('FR-04: the 65,536 addresses of one /64 that differ in their last group are one bucket', () => {
  const buckets = new Set<string | undefined>();
  for (let last = 0; last < 65_536; last++)
    buckets.add(addressBucket(`2001:db8:85a3:8d3::${last.toString(16)}`));
  expect([...buckets]).toEqual(['2001:db8:85a3:8d3::/64']);
});

it.each([
  ['192.0.2.1', '192.0.2.1'],
  ['::ffff:192.0.2.1', '192.0.2.1'],
  ['::ffff:c000:201', '192.0.2.1'],
  ['0:0:0:0:0:FFFF:192.0.2.1', '192.0.2.1'],
  ['2001:DB8::1', '2001:db8:0:0::/64'],
  ['2001:db8:0:0:ffff:ffff:ffff:ffff', '2001:db8:0:0::/64'],
  ['2001:db8:0:1::1', '2001:db8:0:1::/64'],
  ['fe80::1%eth0', 'fe80:0:0:0::/64'],
  ['1:2:3:4:5:6:7::', '1:2:3:4::/64'],
  ['::', '0:0:0:0::/64'],
  ['64:ff9b::192.0.2.1', '64:ff9b:0:0::/64'],
])('%s counts as %s', (address, bucket) => {
  expect(addressBucket(address)).toBe(bucket);
});

it.each(['', '192.0.2', '192.0.2.256', '192.0.2.1, 10.0.0.1', 'localhost', '2001:db8::1::2', '[::1]'])(
  '%s is no address',
  (text) => {
    expect(addressBucket(text)).toBeUndefined();
  },
);
