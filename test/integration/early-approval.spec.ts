import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { request } from 'undici';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type House, openHouse } from '../support/house.js';
import { addSecondAccount } from '../support/second-account.js';

/** The simulator approves after 50 ms: its webhook is long here when this answer comes. */
const HELD_MS = 1_500;

let house: House;
let slowWay: Server;
let slowUrl: string;
beforeAll(async () => {
  house = await openHouse();
  slowWay = createServer((incoming, outgoing) => {
    void buffer(incoming).then(async (body) => {
      const { authorization, 'content-type': contentType } = incoming.headers;
      const answer = await request(house.simulator.url + incoming.url, {
        method: incoming.method as 'POST',
        headers: { authorization, 'content-type': contentType },
        body: incoming.method === 'GET' ? undefined : body,
      });
      const text = await answer.body.text();
      setTimeout(() => outgoing.writeHead(answer.statusCode).end(text), HELD_MS);
    });
  });
  await new Promise<void>((resolve) => slowWay.listen(0, '127.0.0.1', resolve));
  slowUrl = `http://127.0.0.1:${(slowWay.address() as AddressInfo).port}`;
});
afterAll(async () => {
  slowWay.closeAllConnections();
  await new Promise((resolve) => slowWay.close(resolve));
  await house.close();
});

it('an approval that overtakes the answer to its submission is not lost', async () => {
  const { template } = await addSecondAccount(house, slowUrl);
  const found = await house.call('GET', `/v1/templates/${template}`);
  expect(found.json.languages).toMatchObject([{ language: 'en', status: 'approved' }]);
});
