import { isIPv4, isIPv6 } from 'node:net';

/**
 * What counts as one address (FR-04): an IPv4 address, or the /64 that one IPv6 subscriber has to himself. An IPv4
 * address written as IPv6 is the IPv4 one. Undefined for what is no address.
 */
export function addressBucket(text: string): string | undefined {
  const bare = text.split('%', 1)[0]!;
  if (isIPv4(bare)) return bare;
  if (!isIPv6(bare)) return undefined;
  const groups = expand(bare);
  const mapped = groups.slice(0, 5).every((group) => group === 0) && groups[5] === 0xffff;
  if (mapped)
    return groups
      .slice(6)
      .flatMap((group) => [group >> 8, group & 255])
      .join('.');
  return `${groups
    .slice(0, 4)
    .map((group) => group.toString(16))
    .join(':')}::/64`;
}

/** The eight groups of a valid IPv6 address. */
function expand(address: string): number[] {
  const dotted = /^(.*:)(\d+)\.(\d+)\.(\d+)\.(\d+)$/.exec(address);
  const hex = dotted
    ? dotted[1]! +
      [2, 4].map((at) => (Number(dotted[at]) * 256 + Number(dotted[at + 1])).toString(16)).join(':')
    : address;
  const [head, tail] = hex.split('::').map((part) => part.split(':').filter(Boolean)) as [
    string[],
    string[]?,
  ];
  const missing = 8 - head.length - (tail?.length ?? 0);
  return [...head, ...Array<string>(tail ? missing : 0).fill('0'), ...(tail ?? [])].map((group) =>
    parseInt(group, 16),
  );
}
