// Who may import whom. Every rule says what breaks without it and what to do instead.
// `test/architecture/boundaries.mjs` runs it and refuses a run that saw too little; a spec plants one violation per rule.

const TEST_CODE = '^test/|\\.(spec|int-spec|e2e-spec|fixtures)\\.ts$';

/** The rooms, and the rooms each may open. Arrows point inward: a cycle between rooms cannot be written down here. */
const CARRIERS = ['tenants', 'journal', 'platform'];
const ENGINE = ['templates', 'generators', 'providers', ...CARRIERS];
const ROOMS = {
  platform: [],
  journal: ['platform'],
  tenants: ['journal', 'platform'],
  limits: CARRIERS,
  providers: CARRIERS,
  generators: CARRIERS,
  templates: ['providers', ...CARRIERS],
  challenges: ['limits', ...ENGINE],
  identities: ['challenges', 'limits', ...ENGINE],
  webhooks: ['challenges', 'limits', 'templates', 'providers', ...CARRIERS],
  dialects: ['identities', 'webhooks', 'challenges', 'limits', ...ENGINE],
};

/** What a room shows to other rooms. Platform and dialects are folders of rooms: each of theirs has its own door. */
const FRONT_DOORS = ['^libs/(?!platform/|dialects/)[^/]+/index\\.ts$', '^libs/platform/[^/]+/index\\.ts$'];
const APP_DOORS = ['^libs/[^/]+/(http|jobs)/index\\.ts$', '^libs/dialects/[^/]+/index\\.ts$'];

const roomRules = Object.entries(ROOMS).map(([room, allowed]) => ({
  name: `room-${room}`,
  severity: 'error',
  comment:
    `libs/${room} may import ${allowed.join(', ') || 'nothing of ours'}. Against the arrows a room can no longer be ` +
    'read, tested or replaced alone. Move the code to the room whose subject it is, or let the caller pass it in.',
  from: { path: `^libs/${room}/`, pathNot: TEST_CODE },
  to: { path: '^libs/', pathNot: `^libs/(${[room, ...allowed].join('|')})/` },
}));

/** @type {import('dependency-cruiser').IConfiguration} */
module.exports = {
  forbidden: [
    ...roomRules,
    {
      name: 'room-unknown',
      severity: 'error',
      comment:
        'A room that no rule names would be bound by none. Add it to ROOMS here, with what it may import.',
      from: {},
      to: { path: '^libs/', pathNot: `^libs/(${Object.keys(ROOMS).join('|')})/` },
    },
    {
      name: 'front-door-only',
      severity: 'error',
      comment:
        'A room is entered by its index.ts: what lies behind it may change without asking. Only apps open http/ and ' +
        'jobs/. Export what is needed at the front door, or ask why it is needed.',
      from: { path: '^libs/([^/]+)/', pathNot: TEST_CODE },
      to: { path: '^libs/', pathNot: ['^libs/$1/', ...FRONT_DOORS] },
    },
    {
      name: 'platform-doors',
      severity: 'error',
      comment: 'Parts of the platform meet at their index.ts too.',
      from: { path: '^libs/platform/([^/]+)/', pathNot: TEST_CODE },
      to: { path: '^libs/platform/', pathNot: ['^libs/platform/$1/', ...FRONT_DOORS] },
    },
    {
      name: 'no-other-dialect',
      severity: 'error',
      comment: 'Dialects go with their vendors, one at a time. What two of them need belongs in a room.',
      from: { path: '^libs/dialects/([^/]+)/', pathNot: TEST_CODE },
      to: { path: '^libs/dialects/', pathNot: '^libs/dialects/$1/' },
    },
    {
      name: 'apps-use-doors',
      severity: 'error',
      comment:
        'An app opens index.ts, http and jobs of a room, and a dialect by its index.ts; nothing behind them.',
      from: { path: '^apps/', pathNot: TEST_CODE },
      to: { path: '^libs/', pathNot: [...FRONT_DOORS, ...APP_DOORS] },
    },
    {
      name: 'by-name-not-by-path',
      severity: 'error',
      comment: 'Another room is imported as #room, so that a move inside it is no change here.',
      from: { path: '^(libs/[^/]+|apps)/', pathNot: TEST_CODE },
      to: { path: '^libs/', pathNot: '^$1/', dependencyTypesNot: ['aliased-subpath-import'] },
    },
    {
      name: 'inside-before-doors',
      severity: 'error',
      comment:
        'Controllers and processors stand at the edge of their room. A service that imports them drags HTTP into the ' +
        'worker, or queues into the API.',
      from: { path: '^libs/([^/]+)/(?!http/|jobs/)', pathNot: TEST_CODE },
      to: { path: '^libs/$1/(http|jobs)/' },
    },
    {
      name: 'http-and-jobs-apart',
      severity: 'error',
      comment: 'The API opens http and the worker opens jobs: neither may bring the other with it.',
      from: { path: '^libs/([^/]+)/(http|jobs)/', pathNot: TEST_CODE },
      to: { path: '^libs/$1/(http|jobs)/', pathNot: '^libs/$1/$2/' },
    },
    {
      name: 'libs-without-apps',
      severity: 'error',
      comment: 'A room that knows an app runs in that app only. Pass in what it needs.',
      from: { path: '^libs/', pathNot: TEST_CODE },
      to: { path: '^apps/' },
    },
    {
      name: 'apps-apart',
      severity: 'error',
      comment:
        'Apps are separate processes. They talk over HTTP, Redis and PostgreSQL; what they share is a room.',
      from: { path: '^apps/([^/]+)/', pathNot: TEST_CODE },
      to: { path: '^apps/', pathNot: '^apps/$1/' },
    },
    {
      name: 'simulator-alone',
      severity: 'error',
      comment:
        'The simulator stands for the providers: code that it shared with us would make a mistake of ours look right.',
      from: { path: '^apps/simulator/', pathNot: TEST_CODE },
      to: { path: '^libs/' },
    },
    {
      name: 'launcher-without-packages',
      severity: 'error',
      comment: 'The launcher runs before anything is installed: Node’s own modules only.',
      from: { path: '^apps/standalone/', pathNot: TEST_CODE },
      to: { dependencyTypes: ['npm', 'npm-dev', 'npm-optional', 'npm-peer', 'npm-no-pkg', 'npm-unknown'] },
    },
    {
      name: 'clients-in-platform',
      severity: 'error',
      comment:
        'Connections are opened in libs/platform only: elsewhere they miss our deadlines, error classes and shutdown. ' +
        'Inject RedisConnection, HttpClient or Database; `import type` is fine.',
      from: { path: '^(libs|apps)/', pathNot: ['^libs/platform/', TEST_CODE] },
      to: { path: '(^|/)node_modules/(ioredis|undici|pg)/', dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'bullmq-in-jobs',
      severity: 'error',
      comment:
        'Queues are built in libs/platform/queue and worked in jobs/. To enqueue, inject Queues; `import type` is fine.',
      from: { path: '^(libs|apps)/', pathNot: ['^libs/platform/', '^libs/[^/]+/jobs/', TEST_CODE] },
      to: { path: '(^|/)node_modules/(@nestjs/)?bullmq/', dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'no-test-code-in-production',
      severity: 'error',
      comment: 'Specs, fixtures and test/ need devDependencies, which the image lacks.',
      from: { path: '^(libs|apps)/', pathNot: TEST_CODE },
      to: { path: TEST_CODE },
    },
    {
      name: 'no-dev-dependency-in-production',
      severity: 'error',
      comment: 'devDependencies are absent from the image: list the package under dependencies.',
      from: { path: '^(libs|apps)/', pathNot: TEST_CODE },
      to: {
        dependencyTypes: ['npm-dev', 'npm-no-pkg', 'npm-unknown'],
        dependencyTypesNot: ['type-only'],
      },
    },
    {
      name: 'no-cycle',
      severity: 'error',
      comment:
        'In a cycle the first module to load sees the other half empty, and decorators then miss their types. Also ' +
        'for types alone: two files that need each other are one. Move what both need into a third.',
      from: {},
      to: { circular: true },
    },
    {
      name: 'resolvable',
      severity: 'error',
      comment: 'An import of ours that cannot be followed is one that no rule looked at.',
      from: {},
      to: { couldNotResolve: true, path: '^[.#]' },
    },
    {
      name: 'no-unreached-file',
      severity: 'error',
      comment:
        'No main.ts leads here: delete it, or import it. A cluster of dead files keeps its exports in use.',
      from: { path: '^apps/[^/]+/src/main\\.ts$' },
      to: {
        path: '^(libs|apps/[^/]+/src)/.*\\.ts$',
        pathNot: [TEST_CODE, '/main\\.ts$'],
        reachable: false,
      },
    },
  ],
  options: {
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '^dist/' },
    enhancedResolveOptions: {
      conditionNames: ['countersign-source', 'import', 'node', 'default'],
      exportsFields: ['exports'],
      extensions: ['.ts', '.mts', '.js', '.mjs', '.cjs', '.json'],
    },
  },
};
