import { BlockList, isIP, type LookupFunction } from 'node:net';

export interface GuardRules {
  ports: readonly number[];
  /** Origins that no rule applies to: the simulator's, or a test's own server. */
  trustedOrigins: readonly string[];
}

const HTTPS: GuardRules = { ports: [443, 8443], trustedOrigins: [] };
const MAX_URL_LENGTH = 2_048;

/** Nothing public stands behind these: IANA's special-purpose registry for IPv4. */
const NOT_PUBLIC_4 = [
  '0.0.0.0/8',
  '10.0.0.0/8',
  '100.64.0.0/10',
  '127.0.0.0/8',
  '169.254.0.0/16',
  '172.16.0.0/12',
  '192.0.0.0/24',
  '192.0.2.0/24',
  '192.88.99.0/24',
  '192.168.0.0/16',
  '198.18.0.0/15',
  '198.51.100.0/24',
  '203.0.113.0/24',
  '224.0.0.0/3',
];
/** All that is given out to the public, so that mapped (::ffff:), translated (64:ff9b::), local and multicast are out. */
const GIVEN_OUT_6 = ['2000::/3'];
/** Within it: Teredo and other special uses, documentation, and 6to4, which holds any IPv4 address. */
const NOT_PUBLIC_6 = ['2001::/23', '2001:db8::/32', '2002::/16', '3fff::/20'];

const notPublic4 = listOf(NOT_PUBLIC_4, 'ipv4');
const givenOut6 = listOf(GIVEN_OUT_6, 'ipv6');
const notPublic6 = listOf(NOT_PUBLIC_6, 'ipv6');

/** Compared as bytes: the same address has many spellings, and lists of spellings have always missed one. */
export function isPublicAddress(address: string): boolean {
  switch (isIP(address)) {
    case 4:
      return !notPublic4.check(address, 'ipv4');
    case 6:
      // A zone (`%eth0`) names a link of ours.
      return !address.includes('%') && givenOut6.check(address, 'ipv6') && !notPublic6.check(address, 'ipv6');
    default:
      return false;
  }
}

/** A guarded request that was refused before it went anywhere. */
export class ForbiddenTarget extends Error {
  constructor(readonly code: 'URL_NOT_ALLOWED' | 'ADDRESS_NOT_ALLOWED') {
    super(code);
  }
}

/**
 * Keeps requests to addresses that a tenant wrote away from the inside of the house: https on a web port, and every
 * address behind the name public. The name is resolved for each connection, and the connection goes to the address
 * that was checked, so that an answer that changes in between changes nothing.
 */
export class AddressGuard {
  private readonly rules: GuardRules;

  constructor(
    rules: Partial<GuardRules> | undefined,
    private readonly resolve: LookupFunction,
  ) {
    this.rules = { ...HTTPS, ...rules };
  }

  trusts(origin: string): boolean {
    return this.rules.trustedOrigins.includes(origin);
  }

  /** Throws on what can be seen without asking anybody. */
  check(url: URL): void {
    const { protocol, username, password, hash, hostname } = url;
    const port = Number(url.port || 443);
    if (
      protocol !== 'https:' ||
      !this.rules.ports.includes(port) ||
      username !== '' ||
      password !== '' ||
      hash !== '' ||
      url.href.length > MAX_URL_LENGTH
    )
      throw new ForbiddenTarget('URL_NOT_ALLOWED');
    const literal = hostname.startsWith('[') ? hostname.slice(1, -1) : hostname;
    // The URL parser has turned 0x7f.1 and 2130706433 into 127.0.0.1 by now. A literal is never looked up.
    if (isIP(literal) !== 0 && !isPublicAddress(literal)) throw new ForbiddenTarget('ADDRESS_NOT_ALLOWED');
  }

  /** For a connection: all addresses of the name when all of them are public, else none. */
  readonly lookup: LookupFunction = (hostname, options, callback) => {
    this.resolve(hostname, { ...options, all: true }, (error, addresses) => {
      if (error) return callback(error, []);
      const found = Array.isArray(addresses) ? addresses : [];
      if (found.length === 0 || !found.every(({ address }) => isPublicAddress(address)))
        return callback(new ForbiddenTarget('ADDRESS_NOT_ALLOWED'), []);
      if (options.all) callback(null, found);
      else callback(null, found[0]!.address, found[0]!.family);
    });
  };

  async whyForbidden(text: string): Promise<string | undefined> {
    try {
      const url = new URL(text);
      if (this.trusts(url.origin)) return undefined;
      this.check(url);
      if (isIP(url.hostname) !== 0 || url.hostname.startsWith('[')) return undefined;
      await new Promise<void>((resolve, reject) =>
        this.lookup(url.hostname, { all: true }, (error) => (error ? reject(error) : resolve())),
      );
      return undefined;
    } catch (error) {
      return String((error as NodeJS.ErrnoException).code).toLowerCase();
    }
  }
}

function listOf(subnets: readonly string[], family: 'ipv4' | 'ipv6'): BlockList {
  const list = new BlockList();
  for (const subnet of subnets) {
    const [network, bits] = subnet.split('/') as [string, string];
    list.addSubnet(network, Number(bits), family);
  }
  return list;
}
