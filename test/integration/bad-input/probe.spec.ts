import { connect } from 'node:net';
import { afterAll, beforeAll, it } from 'vitest';
import { ask, type House, openHouse } from '../../support/house.js';

let house: House;
let generator: string;
beforeAll(async () => {
  house = await openHouse();
  generator = await house.newGenerator();
});
afterAll(() => house.close());

function raw(text: string | Buffer, waitMs = 300): Promise<string> {
  return new Promise((resolve) => {
    const url = new URL(house.api.url);
    const socket = connect(Number(url.port), url.hostname);
    let got = '';
    let closed = false;
    socket.on('data', (d) => (got += d));
    socket.on('close', () => { closed = true; resolve(got + `\n[closed]`); });
    socket.on('error', (e) => (got += `[err ${e.message}]`));
    socket.write(text);
    setTimeout(() => { if (!closed) { socket.destroy(); resolve(got + '\n[open]'); } }, waitMs);
  });
}
const show = (name: string, a: any) => console.log(name, '=>', a.status, a.headers['content-type'], a.headers['cache-control'], a.headers['retry-after'] ?? '', a.text.slice(0, 400));

it('probe', async () => {
  const opened = await house.call('POST', '/v1/challenges', { generator, receiver: '+14155552671' });
  show('open', opened);
  const auth = { authorization: `Bearer ${house.demo.apiKey}` };
  const messangi = `/eyriesgate/v1/2fa`;
  const num = (await house.call('GET', `/v1/generators/${generator}`)).json.number;
  const posts: [string, string][] = [
    ['POST', '/v1/challenges'], ['POST', `/v1/challenges/${opened.json.id}/check`], ['POST', `/v1/challenges/${opened.json.id}/resend`], ['POST', `/v1/challenges/${opened.json.id}/cancel`],
    ['POST', '/v1/generators'], ['PUT', `/v1/generators/${generator}`], ['POST', '/v1/templates'], ['POST', '/v1/templates/tpl_x/sync'], ['POST', '/v1/accounts'],
    ['PATCH', `/v1/accounts/${house.demo.accountId}`], ['POST', `/v1/accounts/${house.demo.accountId}/test`],
    ['POST', messangi], ['PUT', `${messangi}/${num}`], ['POST', `${messangi}/${num}/codes`], ['PATCH', `${messangi}/${num}/codes`], ['POST', `/balerion/v2/whatsapp/templates/?wabaId=${house.demo.wabaId}`],
  ];
  const odd = '{"hasOwnProperty":1,"toString":1,"valueOf":1,"then":{},"length":5}';
  for (const [m, p] of posts) {
    for (const body of ['null', '[]', '"x"', '1', '{', odd, '{"a":1,"a":2}', '{"toJSON":1}', '{"x":{"then":1}}'])
      show(`${m} ${p} ${body}`, await house.call(m, p, body));
    show(`${m} ${p} nobody`, await house.call(m, p));
    show(`${m} ${p} empty`, await house.call(m, p, ''));
    show(`${m} ${p} text`, await house.call(m, p, 'hello', { 'content-type': 'text/plain' }));
    show(`${m} ${p} utf16`, await house.call(m, p, '{}', { 'content-type': 'application/json;charset=utf-16' }));
    show(`${m} ${p} gzip`, await house.call(m, p, '{}', { 'content-encoding': 'gzip' }));
    show(`${m} ${p} big`, await house.call(m, p, ' '.repeat(16 * 1024 + 1)));
  }
  // metadata
  for (const extra of ['"metadata":{"toString":1,"hasOwnProperty":1,"then":{}}', '"metadata":{"toString":1,"hasOwnProperty":1,"then":{}},"channel":5', '"context":{"then":"a","hasOwnProperty":"b"},"channel":5', '"metadata":{"then":{"a":1}}', '"metadata":{"a":1e400}', '"metadata":5','"metadata":{"a":null}', '"metadata":{"a/b":null}', '"receiver2":1', '"a/b~c":1'])
    show(extra, await house.call('POST', '/v1/challenges', `{"generator":"${generator}","receiver":"+14155552672",${extra}}`));
  for (const path of ['/%761/challenges', '//v1/challenges', '/v1/..;/challenges', '/V1/challenges', '/v1/./challenges', '/v1/challenges;x', '/v1/challenges.', '/v1/challenges/', '/v1/challenges/%zz', '/v1/challenges/%', '/v1/challenges/%c0%ae', `/v1/challenges/${'a'.repeat(10_000)}`, '/v1/challenges/%00', '/v1/challenges/a%2fb', '/v1/challenges/a:b', '/v1/challenges/%2e%2e%2fx', '/v1/challenges/..%2fx','/metrics','/queues','/docs','/docs-json','/docs-yaml','/openapi.json', '/v1/challenges?a[__proto__][x]=1', '/v1/challenges?limit=1&limit=2', '/v1/challenges?limit=0', '/v1/challenges?limit=ten', '/v1/challenges?limit=1e9','/v1/challenges?limit=', '/v1/challenges?limit=0x10', '/v1/challenges?limit=%20', '/v1/challenges?cursor=x', `/v1/challenges?${'a=1&'.repeat(1001)}`, '/health/live?a=1', '/v1/generators?x=1', '/v1/challenges?since=x', '/eyriesgate/v1/2fa?x=1', '/eyriesgate/%zz', '/balerion/v2/whatsapp/templates?wabaId=12345&wabaId=12346', '/v1/challenges?api_key=1', '/v1/challenges?receiver=%2B1', '/v1/challenges?__proto__=1', '/v1/generators?__proto__=1', '/v1/generators?constructor=1','/v1/challenges?constructor=1', '/v1/challenges?%'])
    console.log('GET', path.slice(0, 100), '=>', (await raw(`GET ${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: ${auth.authorization}\r\n\r\n`)).replace(/\r\n/g, ' | ').slice(0, 600));
  const H = `Host: x\r\nAuthorization: ${auth.authorization}\r\n`;
  const rawCases: Record<string, string> = {
    'CL+TE': `POST /v1/challenges HTTP/1.1\r\n${H}Content-Type: application/json\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
    'bad chunk': `POST /v1/challenges HTTP/1.1\r\n${H}Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n0\r\n\r\n`,
    'no host': `GET /v1/challenges HTTP/1.1\r\nAuthorization: ${auth.authorization}\r\n\r\n`,
    'two hosts': `GET /v1/challenges HTTP/1.1\r\nHost: a\r\nHost: b\r\nAuthorization: ${auth.authorization}\r\n\r\n`,
    'host list': `GET /v1/challenges HTTP/1.1\r\nHost: a, b\r\nAuthorization: ${auth.authorization}\r\n\r\n`,
    '1.0': `GET /v1/challenges HTTP/1.0\r\nAuthorization: ${auth.authorization}\r\n\r\n`,
    '1.0 post': `POST /v1/challenges HTTP/1.0\r\nAuthorization: ${auth.authorization}\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}`,
    'two auth': `GET /v1/challenges HTTP/1.1\r\n${H}Authorization: ${auth.authorization}\r\n\r\n`,
    'two auth same': `GET /v1/challenges HTTP/1.1\r\n${H}authorization: ${auth.authorization}\r\n\r\n`,
    'bare LF': `GET /v1/challenges HTTP/1.1\nHost: x\n\n`,
    'two CL': `POST /v1/challenges HTTP/1.1\r\n${H}Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}`,
    'neg CL': `POST /v1/challenges HTTP/1.1\r\n${H}Content-Length: -2\r\n\r\n{}`,
    'TE gzip': `POST /v1/challenges HTTP/1.1\r\n${H}Transfer-Encoding: gzip, chunked\r\nContent-Type: application/json\r\n\r\n2\r\n{}\r\n0\r\n\r\n`,
    'TE chunked chunked': `POST /v1/challenges HTTP/1.1\r\n${H}Transfer-Encoding: chunked, identity\r\nContent-Type: application/json\r\n\r\n2\r\n{}\r\n0\r\n\r\n`,
    'TE space': `POST /v1/challenges HTTP/1.1\r\n${H}Transfer-Encoding : chunked\r\nContent-Type: application/json\r\n\r\n2\r\n{}\r\n0\r\n\r\n`,
    'obs fold': `GET /v1/challenges HTTP/1.1\r\n${H}X-A: b\r\n c\r\n\r\n`,
    'TRACE': `TRACE /v1/challenges HTTP/1.1\r\n${H}\r\n`,
    'CONNECT': `CONNECT /v1/challenges HTTP/1.1\r\n${H}\r\n`,
    'CONNECT2': `CONNECT x:80 HTTP/1.1\r\n${H}\r\n`,
    'PUT': `PUT /v1/challenges HTTP/1.1\r\n${H}\r\n`,
    'PUT mess': `PUT /eyriesgate/v1/2fa/1/codes HTTP/1.1\r\n${H}\r\n`,
    'OPTIONS': `OPTIONS /v1/challenges HTTP/1.1\r\n${H}\r\n`,
    'OPTIONS *': `OPTIONS * HTTP/1.1\r\n${H}\r\n`,
    'absolute': `GET http://other/v1/challenges HTTP/1.1\r\n${H}\r\n`,
    'BREW': `BREW /v1/challenges HTTP/1.1\r\n${H}\r\n`,
    'PROPFIND': `PROPFIND /v1/challenges HTTP/1.1\r\n${H}\r\n`,
    'QUERY': `QUERY /v1/challenges HTTP/1.1\r\n${H}\r\n`,
    'upgrade': `GET /v1/challenges HTTP/1.1\r\n${H}Connection: Upgrade\r\nUpgrade: websocket\r\n\r\n`,
    'h2c': `PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n`,
    'expect big': `POST /v1/challenges HTTP/1.1\r\n${H}Content-Type: application/json\r\nContent-Length: 100000\r\nExpect: 100-continue\r\n\r\n`,
    'expect other': `POST /v1/challenges HTTP/1.1\r\n${H}Content-Type: application/json\r\nContent-Length: 2\r\nExpect: 200-ok\r\n\r\n{}`,
    '20K header': `GET /v1/challenges HTTP/1.1\r\n${H}X-Big: ${'a'.repeat(20_000)}\r\n\r\n`,
    '100 headers': `GET /v1/challenges HTTP/1.1\r\n${H}${Array.from({ length: 100 }, (_, i) => `X-${i}: 1\r\n`).join('')}\r\n`,
    '8K auth': `GET /v1/challenges HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${'a'.repeat(8_000)}\r\n\r\n`,
    '8K auth x2': `GET /v1/challenges HTTP/1.1\r\n${H}Authorization: Bearer ${'a'.repeat(8_000)}\r\n\r\n`,
    'chunked big': `POST /v1/challenges HTTP/1.1\r\n${H}Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n5000\r\n${' '.repeat(0x5000)}\r\n0\r\n\r\n`,
    'no ct': `POST /v1/challenges HTTP/1.1\r\n${H}Content-Length: 2\r\n\r\n{}`,
    'no ct chunked': `POST /v1/challenges HTTP/1.1\r\n${H}Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n`,
    'GET with body': `GET /v1/challenges HTTP/1.1\r\n${H}Content-Length: 2\r\nContent-Type: application/json\r\n\r\n{}`,
    'DELETE with body': `DELETE /v1/generators/gen_x HTTP/1.1\r\n${H}Content-Length: 1\r\nContent-Type: application/json\r\n\r\n{`,
    'idem empty': `POST /v1/challenges HTTP/1.1\r\n${H}Idempotency-Key: \r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}`,
    'ct weird': `POST /v1/challenges HTTP/1.1\r\n${H}Content-Type: application/jsonx\r\nContent-Length: 2\r\n\r\n{}`,
    'ct weird2': `POST /v1/challenges HTTP/1.1\r\n${H}Content-Type: application/json, text/plain\r\nContent-Length: 2\r\n\r\n{}`,
    'ct weird3': `POST /v1/challenges HTTP/1.1\r\n${H}Content-Type: ;\r\nContent-Length: 2\r\n\r\n{}`,
    'ct merge': `POST /v1/challenges HTTP/1.1\r\n${H}Content-Type: application/merge-patch+json\r\nContent-Length: 2\r\n\r\n{}`,
    'short CL': `POST /v1/challenges HTTP/1.1\r\n${H}Content-Type: application/json\r\nContent-Length: 50\r\n\r\n{}`,
    'messangi no host': `GET /eyriesgate/v1/2fa HTTP/1.1\r\nAuthorization: ${auth.authorization}\r\n\r\n`,
  };
  for (const [name, text] of Object.entries(rawCases)) console.log('RAW', name, '=>', (await raw(text)).replace(/\r\n/g, ' | ').slice(0, 700));
  void ask;
});
