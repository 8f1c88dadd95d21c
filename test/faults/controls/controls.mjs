// Each control, how it is switched off, and the test that must then go red. A new one is one entry:
//   id       the requirement
//   control  what is switched off, for the table
//   file     the source that is patched, in a copy of the tree; find stands in it exactly once
//   find, replace
//   spec, test   the file of the test and a part of its full name, as `vitest -t` takes it
//   build    true when the test starts the built processes

const answers = 'test/integration/security/answers.spec.ts';
const keys = 'test/integration/security/keys.spec.ts';
const isolation = 'test/integration/security/isolation.spec.ts';
const requests = 'test/integration/security/requests.spec.ts';
const randomness = 'test/integration/security/randomness.spec.ts';
const script = (name) => `libs/challenges/hot-store/${name}.lua`;

/** @type {{ id: string, control: string, file: string, find: string, replace: string, spec: string, test: string, build?: boolean }[]} */
export const CONTROLS = [
  {
    id: 'ATK-01',
    control: 'an answer is counted before it is compared',
    file: script('check-answer'),
    find: "failures = redis.call('HINCRBY', KEYS[1], 'f', 1)\n",
    replace: 'failures = tonumber(failures) + 1\n',
    spec: answers,
    test: 'ATK-01',
  },
  {
    id: 'ATK-02',
    control: 'attempts have a most',
    file: 'libs/generators/http/generator.dto.ts',
    find: '  @Min(1)\n  @Max(10)\n  maxAttempts?: number;',
    replace: '  maxAttempts?: number;',
    spec: answers,
    test: 'ATK-02',
  },
  {
    id: 'ATK-03',
    control: 'a resend keeps the failures',
    file: script('resend-message'),
    find: "redis.call('HSET', KEYS[1], 'n', number,",
    replace: "redis.call('HSET', KEYS[1], 'f', 0, 'n', number,",
    spec: answers,
    test: 'ATK-03',
  },
  {
    id: 'STD-05',
    control: 'a new secret keeps the failures',
    file: script('resend-message'),
    find: "if ARGV[9] ~= '' then redis.call('HSET', KEYS[1], 'hk',",
    replace: "if ARGV[9] ~= '' then redis.call('HSET', KEYS[1], 'f', 0, 'hk',",
    spec: answers,
    test: 'STD-05 are kept',
  },
  {
    id: 'STD-04',
    control: 'a right answer ends the challenge',
    file: script('check-answer'),
    find: "  finish(KEYS[1], partition, tenant, APPROVED, '', now, { 'f', failures, 'ch', channel })\n",
    replace:
      "  journal(KEYS[1], partition, tenant, 'challenge.approved', now, { 'f', failures, 'ch', channel })\n",
    spec: answers,
    test: 'STD-04',
  },
  {
    id: 'ATK-04',
    control: 'an ended challenge takes no answer',
    file: script('check-answer'),
    find: 'if state ~= PENDING then\n  if record[15] == operation',
    replace: 'if false then\n  if record[15] == operation',
    spec: answers,
    test: 'ATK-04',
  },
  {
    id: 'STD-31',
    control: 'a check that Redis did not answer is an error',
    file: 'libs/challenges/hot-store/hot-store.ts',
    find: '        ...question.candidates,\n      ],\n    )) as string[];',
    replace:
      "        ...question.candidates,\n      ],\n    ).catch(() => ['approved', 'A', '', '1', '5', '0', '0', '1', 'w'])) as string[];",
    spec: answers,
    test: 'STD-31',
  },
  {
    id: 'ATK-05',
    control: 'a rotated code replaces the MAC',
    file: script('resend-message'),
    find: "'hk', ARGV[9], 'h', ARGV[10], 'c', ARGV[11])",
    replace: "'c', ARGV[11])",
    spec: answers,
    test: 'ATK-05',
  },
  {
    id: 'ATK-06',
    control: 'the script reads the clock',
    file: script('record'),
    find: 'if state == PENDING and now >= tonumber(expires) then',
    replace: 'if false then',
    spec: answers,
    test: 'ATK-06',
  },
  {
    id: 'ATK-07',
    control: 'a missing MAC meets nothing',
    file: script('check-answer'),
    find: '  if ARGV[at] == record[9] and ARGV[at + 1] == record[8] then right = true end',
    replace:
      "  if (record[8] or '') == '' or ARGV[at] == record[9] and ARGV[at + 1] == record[8] then right = true end",
    spec: answers,
    test: 'ATK-07',
  },
  {
    id: 'STD-11',
    control: 'the MAC is bound to the challenge',
    file: 'libs/challenges/code-vault.ts',
    find: "    for (const { kid, key } of this.keyRing.all('code-mac')) {\n      list.push(kid, shortDigest(key, ['v1', tenantId, challengeId, contextDigest, code]));",
    replace:
      "    for (const { kid, key } of this.keyRing.all('code-mac')) {\n      list.push(kid, shortDigest(key, ['v1', tenantId, contextDigest, code]));",
    spec: answers,
    test: 'STD-11',
  },
  {
    id: 'ATK-10',
    control: 'a challenge is its tenant’s',
    file: script('read-challenge'),
    find: 'if not record[1] or record[2] ~= ARGV[2] then return {} end',
    replace: 'if not record[1] then return {} end',
    spec: isolation,
    test: 'ATK-10',
  },
  {
    id: 'STD-22',
    control: 'a generator is its tenant’s',
    file: script('check-answer'),
    find: "if not state or tenant ~= ARGV[3] then return { 'unknown' } end",
    replace: "if not state then return { 'unknown' } end",
    spec: isolation,
    test: 'STD-22',
  },
  {
    id: 'ATK-35',
    control: 'an answer is tried under every key of the ring',
    file: 'libs/challenges/code-vault.ts',
    find: "    for (const { kid, key } of this.keyRing.all('code-mac')) {",
    replace: "    for (const { kid, key } of [this.keyRing.active('code-mac')]) {",
    spec: keys,
    test: 'ATK-35 answers no right code wrong',
    build: true,
  },
  {
    id: 'ATK-37',
    control: 'an Idempotency-Key is its tenant’s',
    file: 'libs/platform/http-server/idempotency.ts',
    find: 'sha256([principal.tenantId, principal.keyId, path, key])',
    replace: 'sha256([path, key])',
    spec: keys,
    test: 'ATK-37 is its tenant',
  },
  {
    id: 'STD-21',
    control: 'a live key is limited',
    file: 'libs/challenges/limits.ts',
    find: '    { limit: 3, seconds: 600 },\n',
    replace: '    { limit: 300, seconds: 600 },\n',
    spec: keys,
    test: 'STD-21',
  },
  {
    id: 'STD-27',
    control: 'answers carry a policy',
    file: 'libs/platform/http-server/http-app.ts',
    find: "  'content-security-policy': \"default-src 'none'; frame-ancestors 'none'\",\n",
    replace: '',
    spec: requests,
    test: 'STD-27',
  },
  {
    id: 'STD-28',
    control: 'forwarded headers are not believed',
    file: 'libs/platform/http-server/http-app.ts',
    find: '    bodyLimit: API_BODY_BYTES,\n    requestTimeout',
    replace: '    trustProxy: true,\n    bodyLimit: API_BODY_BYTES,\n    requestTimeout',
    spec: requests,
    test: 'STD-28',
  },
  {
    id: 'ATK-28',
    control: 'unknown fields are refused',
    file: 'libs/platform/validation/validation.pipe.ts',
    find: 'forbidNonWhitelisted: true',
    replace: 'forbidNonWhitelisted: false',
    spec: requests,
    test: 'ATK-28',
  },
  {
    id: 'ATK-31',
    control: 'patterns are linear',
    file: 'libs/challenges/challenges.service.ts',
    find: "const plain = CODE_SHAPE.test(text) ? text : text.length <= 64 ? text.replace(SEPARATORS, '') : '';",
    replace:
      "const plain = /^([A-Za-z0-9]+ ?)*$/.test(text.slice(0, 30)) ? text.replace(SEPARATORS, '') : '';",
    spec: requests,
    test: 'ATK-31 texts that make patterns slow of 100 KB',
  },
  {
    id: 'STD-02',
    control: 'codes come from the system’s generator',
    file: 'libs/generators/code-maker.ts',
    find: 'String(randomInt(10 ** first))',
    replace: 'String(Math.floor(Math.random() * 10 ** first))',
    spec: randomness,
    test: 'STD-02',
  },
  {
    id: 'STD-24',
    control: 'each sealing has a vector of its own',
    file: 'libs/platform/crypto/seal.ts',
    find: '    const iv = drawRandomBytes(IV_BYTES);',
    replace: '    const iv = drawRandomBytes(IV_BYTES).fill(0, 2);',
    spec: randomness,
    test: 'STD-24 of a hundred thousand',
  },
  {
    id: 'ATK-11',
    control: 'ids are random',
    file: 'libs/platform/identifiers/identifier.ts',
    find: '  return encodeBase32(stampVersion(drawRandomBytes(16)));',
    replace:
      "  return encodeBase32(stampVersion(Buffer.from(process.hrtime.bigint().toString(16).padStart(32, '0'), 'hex')));",
    spec: randomness,
    test: 'ATK-11',
  },
];
