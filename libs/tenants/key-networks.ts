import { BlockList, isIP } from 'node:net';

const CIDR = /^([0-9a-fA-F.:]{2,45})\/(\d{1,3})$/;
/** An IPv4 address as a socket of both families names it. */
const MAPPED = /^::ffff:(?=\d+\.)/i;

/** Address and prefix length of `10.0.0.0/8`, `2001:db8::/32`; undefined for anything else. */
export function readNetwork(
  text: string,
): { address: string; bits: number; family: 'ipv4' | 'ipv6' } | undefined {
  const [, address = '', length = ''] = CIDR.exec(text) ?? [];
  const version = isIP(address);
  const bits = Number(length);
  if (version === 0 || bits > (version === 4 ? 32 : 128)) return undefined;
  return { address, bits, family: version === 4 ? 'ipv4' : 'ipv6' };
}

/** The networks from which a key is accepted (SEC-05); undefined when it is from everywhere. */
export function readNetworks(networks: readonly string[] | undefined): BlockList | undefined {
  if (!networks || networks.length === 0) return undefined;
  const list = new BlockList();
  for (const network of networks.map(readNetwork))
    if (network) list.addSubnet(network.address, network.bits, network.family);
  return list;
}

/** `address` as the socket tells it. */
export function isWithin(list: BlockList, address: string): boolean {
  const plain = address.replace(MAPPED, '');
  return list.check(plain, isIP(plain) === 4 ? 'ipv4' : 'ipv6');
}
