import type { Server } from 'node:http';
import type { Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ask, type House, openHouse } from '../../support/house.js';
import { answered, type HeardAnswer, lastAnswer, openSocket, speak } from './raw-socket.js';
import {
  expectRefusal,
  expectUntouched,
  openChallenge,
  type OpenChallenge,
  type Refusal,
} from './refusals.js';

const headersTooLarge: Refusal = { status: 431, code: 'request.headers_too_large' };
const malformed: Refusal = { status: 400, code: 'request.malformed' };
const nowhere: Refusal = { status: 404, code: 'route.not_found' };
const wrongMethod: Refusal = { status: 405, code: 'route.method_not_allowed' };

let house: House;
let open: OpenChallenge;
let authorization: string;

beforeAll(async () => {
  house = await openHouse();
  open = await openChallenge(house, await house.newGenerator());
  authorization = `Authorization: Bearer ${house.demo.apiKey}\r\n`;
});
afterAll(() => house.close());

const request = (line: string, headers = '', body = ''): string =>
  `${line} HTTP/1.1\r\nHost: localhost\r\n${authorization}${headers}\r\n${body}`;
const json = (body: string): string =>
  `Content-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
const hear = async (bytes: string): Promise<HeardAnswer> =>
  lastAnswer(await speak(house.api.url, bytes, { enough: answered }));

/** What is refused before there is a request: our form, but nobody to give an id to. */
function expectBareRefusal(answer: HeardAnswer, { status, code }: Refusal): void {
  expect([answer.status, answer.json?.code], answer.text).toEqual([status, code]);
  expect(answer.headers['content-type']).toBe('application/problem+json; charset=utf-8');
  expect(answer.headers['cache-control']).toBe('no-store');
  expect(answer.headers['connection']).toBe('close');
  expect(answer.json).toMatchObject({ type: `urn:countersign:error:${code}`, status });
}

describe('headers', () => {
  it.each([
    ['an Authorization of 8 KB', `Authorization: Bearer ${'a'.repeat(8_192)}\r\n`],
    ['an Authorization just too long', `Authorization: Bearer ${'a'.repeat(1_018)}\r\n`],
  ])('BI-55 %s', async (_what, header) => {
    const answer = await hear(`GET /v1/challenges HTTP/1.1\r\nHost: localhost\r\n${header}\r\n`);
    expectRefusal('native', answer, headersTooLarge, ['aaaa']);
    const messangi = await hear(`GET /eyriesgate/v1/2fa HTTP/1.1\r\nHost: localhost\r\n${header}\r\n`);
    expectRefusal('messangi', messangi, headersTooLarge, ['aaaa']);
  });

  it('BI-55 100 headers', async () => {
    const headers = Array.from({ length: 100 }, (_, at) => `X-Secret-${at}: xyzzy\r\n`).join('');
    expectRefusal('native', await hear(request('GET /v1/challenges', headers)), headersTooLarge, [
      'xyzzy',
      'Secret',
    ]);
    expectRefusal('messangi', await hear(request('GET /eyriesgate/v1/2fa', headers)), headersTooLarge, [
      'xyzzy',
    ]);
  });

  it('BI-55 a header of 20 KB', async () => {
    const heard = await speak(
      house.api.url,
      request('GET /v1/challenges', `X-Big: ${'xyzzy'.repeat(4_000)}\r\n`),
    );
    expectBareRefusal(lastAnswer(heard), headersTooLarge);
    expect(heard.closed).toBe(true);
    expect(heard.text).not.toContain('xyzzy');
  });

  it('BI-64 Expect: 100-continue before a body that is too large', async () => {
    const heard = await speak(
      house.api.url,
      request(
        'POST /v1/challenges',
        'Expect: 100-continue\r\nContent-Type: application/json\r\nContent-Length: 100000\r\n',
      ),
    );
    expectRefusal('native', lastAnswer(heard), { status: 413, code: 'request.too_large' });
    expect(heard.closed).toBe(true);
  });

  it('BI-64 an expectation nobody knows', async () => {
    expect(
      (await speak(house.api.url, request('GET /v1/generators', 'Expect: 200-ok\r\n'), { waitMs: 200 })).text,
    ).toMatch(/^HTTP\/1\.1 417 /);
  });

  it('BI-64 Accept and Range are no reason to answer anything but JSON', async () => {
    const answer = await house.call('GET', `/v1/challenges/${open.id}`, undefined, {
      accept: 'text/xml',
      range: 'bytes=0-1',
    });
    expect([answer.status, answer.headers['content-type'], answer.json.id]).toEqual([
      200,
      'application/json; charset=utf-8',
      open.id,
    ]);
    const refused = await house.call('GET', '/v1/challenges/x', undefined, {
      accept: 'text/html',
      range: 'bytes=0-1',
    });
    expectRefusal('native', refused, { status: 404, code: 'challenge.not_found' });
  });
});

describe('methods', () => {
  it.each(['PUT', 'DELETE', 'PATCH', 'OPTIONS', 'TRACE', 'PROPFIND'])(
    'BI-61 %s where it is not answered',
    async (method) => {
      const answer = await hear(request(`${method} /v1/challenges`));
      expectRefusal('native', answer, wrongMethod, [house.demo.apiKey]);
      expect(answer.headers['allow']).toBe('GET, HEAD, POST');
      const check = await hear(request(`${method} /v1/challenges/${open.id}/check`));
      expectRefusal('native', check, wrongMethod, [open.id]);
      expect(check.headers['allow']).toBe('POST');
      if (method === 'PATCH') return;
      const messangi = await hear(request(`${method} /eyriesgate/v1/2fa/${open.number}/codes`));
      expectRefusal('messangi', messangi, wrongMethod);
      expect(messangi.headers['allow']).toBe('PATCH, POST');
    },
  );

  it('BI-61 CONNECT', async () => {
    for (const target of ['/v1/challenges', 'internal.example:6379']) {
      const heard = await speak(house.api.url, request(`CONNECT ${target}`));
      expectBareRefusal(lastAnswer(heard), wrongMethod);
      expect(lastAnswer(heard).headers['allow']).toContain('POST');
      expect(heard.closed).toBe(true);
    }
  });

  it('BI-61 a method nobody knows', async () => {
    const heard = await speak(house.api.url, request('BREW /v1/challenges'));
    expectBareRefusal(lastAnswer(heard), malformed);
    expect(heard.closed).toBe(true);
  });

  it.each(['X-HTTP-Method-Override', 'X-HTTP-Method', 'X-Method-Override'])(
    'BI-61 %s is ignored',
    async (header) => {
      await expectUntouched(house, async () => {
        const answer = await house.call('GET', `/v1/challenges/${open.id}`, undefined, {
          [header]: 'DELETE',
        });
        expect(answer.json.id).toBe(open.id);
        const generator = await house.call('POST', '/v1/generators', {}, { [header]: 'GET' });
        expectRefusal('native', generator, { status: 422, code: 'request.invalid' });
        const gone = await house.call('GET', `/v1/generators/${open.generator}?_method=DELETE`);
        expectRefusal('native', gone, { status: 400, code: 'request.unknown_parameter' });
      });
    },
  );
});

describe('BI-62 and ATK-30 addresses that only resemble ours', () => {
  const paths = [
    '/%761/challenges',
    '/v1/%63hallenges',
    '/v%31/challenges',
    '//v1/challenges',
    '/v1//challenges',
    '/v1/./challenges',
    '/v1/../v1/challenges',
    '/v1/..;/v1/challenges',
    '/v1/..;/',
    '/v1;x/challenges',
    '/v1/challenges;x',
    '/v1/challenges.',
    '/v1/challenges.json',
    '/v1/challenges%20',
    '/v1/challenges%2f',
    '/v1%2fchallenges',
    '/v1/challenges%00',
    '/v1/challenges%0a',
    '/v1\\challenges',
    '/V1/challenges',
    '/v1/Challenges',
    '/v1/chall\u0000enges',
    '/eyriesgate/v1/%32fa',
    '/EYRIESGATE/v1/2fa',
    '/balerion//v2/whatsapp/templates',
    '/../v1/challenges',
    '/health/../v1/challenges',
    '/webhooks/..%2fv1/challenges',
    'http://other.example/v1/challenges',
    '*',
  ];

  it.each(paths)('%s', async (path) => {
    await expectUntouched(house, async () => {
      for (const [method, headers] of [
        ['GET', authorization],
        ['POST', authorization],
        ['GET', ''],
      ] as const) {
        const heard = await speak(
          house.api.url,
          `${method} ${path} HTTP/1.1\r\nHost: localhost\r\n${headers}Connection: close\r\n${json('{"generator":"x","receiver":"+525512349999"}')}`,
        );
        const answer = lastAnswer(heard);
        expect([400, 404], `${method} ${answer.status}`).toContain(answer.status);
        expect(answer.headers['cache-control']).toBe('no-store');
        expect(heard.text).not.toContain('+525512349999');
      }
    });
  });

  it('say so in our form', async () => {
    for (const path of [
      '/%761/challenges',
      '//v1/challenges',
      '/v1/..;/',
      '/V1/challenges',
      '/v1/challenges/%zz',
    ])
      expectRefusal('native', await hear(request(`GET ${path}`)), nowhere, ['%7', 'zz']);
    for (const path of ['/eyriesgate/v1/%32fa', '/eyriesgate/%zz', '/balerion//v2'])
      expectRefusal('messangi', await hear(request(`GET ${path}`)), nowhere, ['%3', 'zz']);
    expectRefusal('native', await hear(request(`GET /v1/challenges/${'x'.repeat(9_000)}`)), nowhere, ['xxx']);
  });

  it('ATK-30 a slash behind, the one spelling we take, needs a key like the other', async () => {
    const unauthenticated: Refusal = { status: 401, code: 'auth.unauthenticated' };
    for (const path of ['/v1/challenges/', '/v1/generators/', `/v1/challenges/${open.id}/`])
      expectRefusal('native', await ask('GET', house.api.url + path), unauthenticated, [open.id]);
  });
});

describe('bytes that are not quite HTTP', () => {
  const head = 'POST /v1/challenges HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n';
  const refused: [id: string, what: string, bytes: string][] = [
    [
      'BI-63',
      'a length and chunks',
      `${head}Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
    ],
    [
      'BI-63',
      'chunks and a length',
      `${head}Transfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n0\r\n\r\n`,
    ],
    ['BI-63', 'a chunk whose size is none', `${head}Transfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n0\r\n\r\n`],
    ['BI-63', 'a chunk longer than it says', `${head}Transfer-Encoding: chunked\r\n\r\n1\r\n{}\r\n0\r\n\r\n`],
    ['BI-63', 'no host', 'GET /v1/challenges HTTP/1.1\r\n\r\n'],
    ['ATK-38', 'two hosts', 'GET /v1/challenges HTTP/1.1\r\nHost: localhost\r\nHost: other.example\r\n\r\n'],
    [
      'ATK-38',
      'the same host twice',
      'GET /v1/challenges HTTP/1.1\r\nHost: localhost\r\nhost: localhost\r\n\r\n',
    ],
    ['ATK-38', 'a list of hosts', 'GET /v1/challenges HTTP/1.1\r\nHost: localhost, other.example\r\n\r\n'],
    ['ATK-38', 'two lengths', `${head}Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}`],
    ['ATK-38', 'a negative length', `${head}Content-Length: -2\r\n\r\n{}`],
    ['ATK-38', 'a length in hexadecimal', `${head}Content-Length: 0x2\r\n\r\n{}`],
    [
      'ATK-38',
      'a transfer coding beside chunks',
      `${head}Transfer-Encoding: gzip, chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n`,
    ],
    [
      'ATK-38',
      'chunks that are not last',
      `${head}Transfer-Encoding: chunked, identity\r\n\r\n2\r\n{}\r\n0\r\n\r\n`,
    ],
    ['ATK-38', 'a space before a colon', `${head}Transfer-Encoding : chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n`],
    ['ATK-38', 'a header on two lines', `${head}X-A: b\r\n c\r\nContent-Length: 2\r\n\r\n{}`],
    ['ATK-38', 'newlines alone', 'GET /v1/challenges HTTP/1.1\nHost: localhost\n\n'],
    ['ATK-38', 'NUL in a header', 'GET /v1/challenges HTTP/1.1\r\nHost: localhost\r\nX-A: a\u0000b\r\n\r\n'],
    ['ATK-38', 'another protocol', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'],
    ['ATK-38', 'a TLS greeting', '\u0016\u0003\u0001\u0002\u0000\u0001\u0000\u0001\u00fc\u0003\u0003'],
  ];

  it.each(refused)('%s %s: 400, and the connection ends', async (_id, _what, bytes) => {
    const smuggled = `GET /v1/challenges/${open.id} HTTP/1.1\r\nHost: localhost\r\n${authorization}\r\n`;
    await expectUntouched(house, async () => {
      const heard = await speak(
        house.api.url,
        bytes.replace('Host: localhost\r\n', `Host: localhost\r\n${authorization}`) + smuggled,
      );
      expectBareRefusal(lastAnswer(heard), malformed);
      expect(heard.closed).toBe(true);
      expect(heard.text.match(/HTTP\/1\.1 \d/g)).toHaveLength(1);
      expect(heard.text).not.toContain(open.id);
    });
  });

  it('ATK-38 two Authorization headers end in 401, whichever of them is good', async () => {
    for (const pair of [
      authorization + authorization,
      `${authorization}Authorization: Bearer x\r\n`,
      `Authorization: Bearer x\r\n${authorization}`,
    ]) {
      const answer = await hear(`GET /v1/challenges HTTP/1.1\r\nHost: localhost\r\n${pair}\r\n`);
      expectRefusal('native', answer, { status: 401, code: 'auth.unauthenticated' }, [house.demo.apiKey]);
    }
  });

  it('BI-63 HTTP/1.0 is answered, with or without a host, and closed', async () => {
    for (const host of ['', 'Host: localhost\r\n']) {
      const heard = await speak(
        house.api.url,
        `GET /v1/challenges/${open.id} HTTP/1.0\r\n${host}${authorization}\r\n`,
      );
      expect([lastAnswer(heard).status, lastAnswer(heard).json.id, heard.closed]).toEqual([
        200,
        open.id,
        true,
      ]);
      const refused = await speak(
        house.api.url,
        `POST /v1/challenges HTTP/1.0\r\n${host}${authorization}${json('[]')}`,
      );
      expectRefusal('native', lastAnswer(refused), { status: 422, code: 'request.object_required' });
    }
  });

  it('BI-63 a thousand requests at once on one connection are answered in their order', async () => {
    const lines = Array.from({ length: 1_000 }, (_, at) =>
      at % 3 === 0
        ? request(`GET /v1/nothing/${at}`)
        : at % 3 === 1
          ? request(`GET /v1/challenges/${open.id}`)
          : request('POST /v1/challenges', 'Content-Type: application/json\r\nContent-Length: 2\r\n', '[]'),
    );
    const count = (text: string): number => text.match(/HTTP\/1\.1 \d{3} /g)?.length ?? 0;
    const heard = await speak(house.api.url, lines.join(''), {
      enough: (text) => count(text) === 1_000 && answered(text),
      waitMs: 10_000,
    });
    const statuses = [...heard.text.matchAll(/HTTP\/1\.1 (\d{3}) /g)].map((match) => Number(match[1]));
    expect(statuses).toEqual(lines.map((_, at) => [404, 200, 422][at % 3]));
    const ids = [...heard.text.matchAll(/x-request-id: [^-\r]+-([0-9a-z]+)/g)].map((match) =>
      parseInt(match[1]!, 36),
    );
    expect(ids).toEqual(ids.toSorted((a, b) => a - b));
  });
});

describe('ATK-29 slow and silent', () => {
  it('tells Node to cut headers after 10 s and requests after 15 s', () => {
    const server = house.api.app.getHttpServer() as Server;
    expect([server.headersTimeout, server.requestTimeout]).toEqual([10_000, 15_000]);
  });

  it('goes on answering beside 200 connections that send a byte now and then, and ends those', async () => {
    const server = house.api.app.getHttpServer() as Server;
    // As if ten seconds had passed already: the rule itself is looked at above.
    server.headersTimeout = 1_000;
    const sockets: Socket[] = [];
    let ended = 0;
    try {
      for (let count = 0; count < 200; count++) sockets.push(await openSocket(house.api.url));
      for (const socket of sockets) {
        socket.on('data', () => undefined);
        socket.on('close', () => ended++);
        socket.write('POST /v1/challenges HTTP/1.1\r\nHost: localhost\r\nX-Slow: ');
      }
      const drip = setInterval(() => sockets.forEach((socket) => socket.writable && socket.write('a')), 100);
      const times: number[] = [];
      const end = performance.now() + 7_000;
      while (ended < 200 && performance.now() < end) {
        const from = performance.now();
        const answer = await house.call('POST', `/v1/challenges/${open.id}/check`, { code: '1' });
        times.push(performance.now() - from);
        expect(answer.status).toBe(422);
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
      clearInterval(drip);
      expect(ended).toBe(200);
      expect(times.sort((a, b) => a - b)[Math.floor(times.length * 0.99)]).toBeLessThan(250);
    } finally {
      server.headersTimeout = 10_000;
      for (const socket of sockets) socket.destroy();
    }
  });
});

describe('ATK-39 the public listener', () => {
  it.each([
    '/metrics',
    '/metrics/',
    '/admin',
    '/admin/queues',
    '/queues',
    '/bull',
    '/bull-board',
    '/bullmq',
    '/api',
    '/api-json',
    '/docs-json',
    '/swagger',
    '/debug/pprof',
    '/_sim/messages',
    '/.env',
    '/.git/config',
    '/package.json',
    '/health',
    '/',
  ])('has nothing at %s', async (path) => {
    const asked: Record<string, string>[] = [{}, { authorization: `Bearer ${house.demo.apiKey}` }];
    for (const headers of asked)
      expectRefusal('native', await ask('GET', house.api.url + path, undefined, headers), nowhere);
  });

  it('registers nothing beside the API, its description and its health', () => {
    const fastify = house.api.app.getHttpAdapter().getInstance() as unknown as {
      printRoutes(options: object): string;
    };
    const tree = fastify.printRoutes({ commonPrefix: false });
    const tops = new Set([...tree.matchAll(/^[├└]── \/?([^/ ]*)/gm)].map((match) => match[1]));
    expect([...tops]).toEqual(expect.arrayContaining(['v1', 'eyriesgate', 'health', 'webhooks']));
    const allowed = [
      '',
      'v1',
      'v2',
      'eyriesgate',
      'balerion',
      'whatsapp',
      'webhooks',
      'p',
      'health',
      'docs',
      'docs-yaml',
      'openapi.json',
    ];
    expect([...tops].filter((top) => !allowed.includes(top!))).toEqual([]);
  });
});
