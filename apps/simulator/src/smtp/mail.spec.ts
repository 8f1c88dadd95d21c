import { X509Certificate } from 'node:crypto';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { SimulatorUnderTest } from '../simulator.fixtures.js';

let simulator: SimulatorUnderTest;
beforeAll(async () => {
  simulator = await SimulatorUnderTest.start();
});
afterAll(() => simulator.stop());

const certificateNow = async (): Promise<X509Certificate> =>
  new X509Certificate((await simulator.control('GET', 'mail')).json.ca);

it('tells where mail is taken, and a certificate for this machine', async () => {
  const { json } = await simulator.control('GET', 'mail');
  expect(json).toMatchObject({ port: simulator.smtpPort, certificate: 'valid' });
  expect(json.tlsPort).toBeGreaterThan(0);
  expect(json.tlsPort).not.toBe(json.port);
  const certificate = await certificateNow();
  expect(certificate.checkIP('127.0.0.1')).toBe('127.0.0.1');
  for (const host of ['localhost', 'simulator']) expect(certificate.checkHost(host)).toBe(host);
  expect(Date.parse(certificate.validTo)).toBeGreaterThan(Date.now());
});

it('shows another one on demand', async () => {
  await simulator.control('PUT', 'mail', { certificate: 'expired' });
  expect(Date.parse((await certificateNow()).validTo)).toBeLessThan(Date.now());
  await simulator.control('PUT', 'mail', { certificate: 'otherHost' });
  expect((await certificateNow()).checkHost('localhost')).toBeUndefined();
  const { json } = await simulator.control('PUT', 'mail', { certificate: 'valid' });
  expect(json.certificate).toBe('valid');
});

it.each([
  [{}, /^certificate must be given/],
  [{ certificate: 'broken' }, /^certificate must be one of valid, expired, otherHost/],
  [{ certificate: 'valid', port: 25 }, /^port must be left out/],
])('refuses %j and names what is wrong', async (body, message) => {
  const { status, json } = await simulator.control('PUT', 'mail', body);
  expect(status).toBe(400);
  expect(json.error.message).toMatch(message);
});
