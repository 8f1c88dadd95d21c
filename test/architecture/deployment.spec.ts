// Protects against files of deployment that drift from the program: a variable nobody reads, a path that is not there,
// a package that production lacks, a right that no process needs. No container engine is asked: it is all in the files.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { getMetadataStorage } from 'class-validator';
import { describe, expect, it } from 'vitest';
import { parse, parseAllDocuments } from 'yaml';
import { loadConfig } from '#platform/config';
import { EnvironmentDto, SAMPLE_SECRETS } from '../../libs/platform/config/environment.dto.js';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const KUBERNETES = 'docker/kubernetes';
/** A process that is stuck in its own shutdown leaves by itself after this: `libs/platform/http-server/lifecycle.ts`. */
const FORCED_EXIT_SECONDS = 40;
const FRESH = {
  INSTALLATION_KEY: Buffer.alloc(32, 1).toString('base64'),
  KEYRING: `k1:${Buffer.alloc(32, 2).toString('base64')}`,
};

const IMPORT = /^(?:import\s+|(?:import|export)\b[^'"=;]*?\bfrom\s+)['"]([^'"]+)['"]/gm;

const read = (file: string): string => readFileSync(join(ROOT, file), 'utf8');

/** Names of `EnvironmentDto`: those with a rule, and those with a default. */
const rules = getMetadataStorage().getTargetValidationMetadatas(EnvironmentDto, '', true, false);
const defaults = { ...new EnvironmentDto() } as Record<string, unknown>;
const VARIABLES = [...new Set([...rules.map((rule) => rule.propertyName), ...Object.keys(defaults)])].sort();
const optional = new Set(
  rules.filter((rule) => rule.type === 'conditionalValidation').map(({ propertyName }) => propertyName),
);
const REQUIRED = VARIABLES.filter((name) => !optional.has(name) && !(name in defaults));

describe('.env.example', () => {
  const sample = parseEnv(read('.env.example'));

  it('names every variable that the processes read, and no other', () => {
    expect(Object.keys(sample).sort()).toEqual(VARIABLES);
  });

  it('explains each in a comment right above it', () => {
    const lines = read('.env.example').split('\n');
    const bare = lines.filter((line, at) => /^[A-Z_]+=/.test(line) && !lines[at - 1]!.startsWith('# '));
    expect(bare).toEqual([]);
  });

  it('gives the defaults as they are', () => {
    for (const [name, value] of Object.entries(defaults))
      expect([name, sample[name] || 'false']).toEqual([name, String(value)]);
  });

  it('holds the sample secrets, and production refuses to start with either', () => {
    expect([sample['INSTALLATION_KEY'], sample['KEYRING']]).toEqual(SAMPLE_SECRETS);
    expect(() => loadConfig(sample)).toThrow('INSTALLATION_KEY is the sample value');
    expect(() => loadConfig({ ...sample, INSTALLATION_KEY: FRESH.INSTALLATION_KEY })).toThrow(
      'KEYRING is the sample value',
    );
  });

  it('is right in everything else', () => {
    expect(loadConfig({ ...sample, ...FRESH }).production).toBe(true);
  });
});

describe('the Dockerfile', () => {
  const stages = readDockerfile(read('docker/Dockerfile'));
  const images = ['api', 'worker', 'cli', 'simulator'];
  const filesOf = (name: string): string[] => [
    ...(stages[name]?.from && stages[stages[name].from] ? filesOf(stages[name].from) : []),
    ...(stages[name]?.copies.filter(({ from }) => from === 'build').flatMap(({ sources }) => sources) ?? []),
  ];

  it('has a target for each program', () => {
    for (const image of images) expect(Object.keys(stages)).toContain(image);
  });

  it('starts from one public base that is not whatever is latest', () => {
    expect(read('docker/Dockerfile')).toMatch(/^ARG NODE_IMAGE=node:\d+-slim$/m);
    const bases = new Set(Object.values(stages).map(({ from }) => from));
    expect([...bases].filter((base) => !stages[base])).toEqual(['${NODE_IMAGE}']);
  });

  it('copies only what is there and what the ignore file lets in', () => {
    const ignored = read('docker/Dockerfile.dockerignore').split('\n');
    expect(ignored).toContain('*');
    for (const { copies } of Object.values(stages)) {
      for (const source of copies.filter(({ from }) => !from).flatMap(({ sources }) => sources)) {
        expect([source, existsSync(join(ROOT, source))]).toEqual([source, true]);
        expect(ignored).toContain(`!${source}`);
      }
    }
  });

  it('runs each program as a numbered user without rights, in a form without a shell', () => {
    for (const image of images) {
      expect([image, inherited(stages, image, 'USER')]).toEqual([image, '1000:1000']);
      const command = inherited(stages, image, 'CMD') ?? inherited(stages, image, 'ENTRYPOINT');
      const [program, script] = JSON.parse(command!) as string[];
      expect(program).toBe('node');
      const source = script!.replace(/^dist\//, '').replace(/\.js$/, '.ts');
      expect([source, existsSync(join(ROOT, source))]).toEqual([source, true]);
    }
  });

  it('gives each program every file that it loads, and production no simulator', () => {
    for (const image of images) {
      const folders = filesOf(image).map((file) => file.replace('/app/dist/', ''));
      const missing = loaded(`apps/${image}/src/main.ts`).files.filter(
        (file) => !folders.some((folder) => file.startsWith(`${folder}/`)),
      );
      expect([image, missing]).toEqual([image, []]);
      if (image !== 'simulator') expect(folders).not.toContain('apps/simulator');
      expect(folders).not.toContain('apps');
    }
  });

  it('installs packages of production only, and every one that is loaded is such a package', () => {
    expect(stages['packages']!.lines.join('\n')).toContain('npm ci --omit=dev');
    expect(stages['base']!.copies.find(({ sources }) => sources[0]!.includes('node_modules'))?.from).toBe(
      'packages',
    );
    const { dependencies } = JSON.parse(read('package.json')) as { dependencies: Record<string, string> };
    const wanted = images.flatMap((image) => [...loaded(`apps/${image}/src/main.ts`).packages]);
    expect([...new Set(wanted)].filter((name) => !(name in dependencies))).toEqual([]);
  });

  it('holds no secret', () => {
    expect(read('docker/Dockerfile')).not.toMatch(/KEY|PASSWORD|SECRET|TOKEN/);
  });
});

interface ComposeService {
  image?: string;
  build?: { dockerfile: string; target: string };
  command?: string[];
  environment?: Record<string, string>;
  profiles?: string[];
  ports?: string[];
  user?: string;
  read_only?: boolean;
  cap_drop?: string[];
  security_opt?: string[];
}

describe('compose.yml', () => {
  const text = read('docker/compose.yml');
  const { services } = parse(text, { merge: true }) as { services: Record<string, ComposeService> };
  const example = read('docker/.env.example');
  const ours = ['migrate', 'api', 'worker', 'cli'];
  const answers = {
    ...FRESH,
    POSTGRES_PASSWORD: 'a1',
    REDIS_PASSWORD: 'b2',
    PUBLIC_URL: 'https://x.example.com',
  };
  const told = (service: string, env: Record<string, string>): Record<string, string> =>
    Object.fromEntries(
      Object.entries(services[service]!.environment!).map(([name, value]) => [name, fill(value, env)]),
    );

  it('asks for what its example file offers, and offers what it asks for', () => {
    const asked = new Set([...text.matchAll(/\$\{(\w+)/g)].map(([, name]) => name));
    const offered = new Set([...example.matchAll(/^#?([A-Z_]+)=/gm)].map(([, name]) => name));
    expect([...asked].sort()).toEqual([...offered].sort());
  });

  it('has no default for a secret, and none in the example', () => {
    for (const name of ['POSTGRES_PASSWORD', 'REDIS_PASSWORD', 'INSTALLATION_KEY', 'KEYRING']) {
      expect(text.match(new RegExp(`\\$\\{${name}(?!:\\?)`))).toBeNull();
      expect(parseEnv(example)[name]).toBe('');
    }
  });

  it.each(ours)('starts %s with variables that it knows and takes', (service) => {
    const env = told(service, answers);
    const strangers = Object.keys(env).filter((name) => !VARIABLES.includes(name) && !/^SIM_/.test(name));
    expect(strangers).toEqual([]);
    expect(loadConfig(env).production).toBe(true);
    const [INSTALLATION_KEY, KEYRING] = SAMPLE_SECRETS as [string, string];
    expect(() => loadConfig(told(service, { ...answers, INSTALLATION_KEY }))).toThrow('sample value');
    expect(() => loadConfig(told(service, { ...answers, KEYRING }))).toThrow('sample value');
  });

  it('works with the simulator as its example says, and never in production', () => {
    const commented = parseEnv(example.replace(/^#(?=[A-Z_]+=)/gm, ''));
    const config = loadConfig(
      told('api', { ...commented, ...answers, PUBLIC_URL: commented['PUBLIC_URL']! }),
    );
    expect(config.simulatorOrigin).toBe('http://simulator:3100');
    expect(services['simulator']!.profiles).toEqual(['simulator']);
    expect(() => loadConfig(told('api', { ...answers, SIMULATOR_URL: 'http://simulator:3100' }))).toThrow(
      'SIMULATOR_URL must not be set in production',
    );
  });

  it('starts a Redis that Countersign accepts, under a user without dangerous commands', () => {
    const command = services['redis']!.command!;
    const after = (flag: string): string | undefined => command[command.indexOf(flag) + 1];
    expect([after('--appendonly'), after('--maxmemory-policy')]).toEqual(['yes', 'noeviction']);
    const user = command.slice(command.lastIndexOf('--user') + 1);
    expect(user[0]).toBe('countersign');
    expect(user.slice(-3)).toEqual(['-@admin', '-@dangerous', '+info']);
    expect(command.join(' ')).toContain('--user default off');
  });

  it.each([...ours, 'simulator'])('confines %s', (service) => {
    expect(services[service]).toMatchObject({
      user: '1000:1000',
      read_only: true,
      cap_drop: ['ALL'],
      security_opt: ['no-new-privileges:true'],
    });
  });

  it('builds targets that exist, and opens ports to this machine alone', () => {
    const targets = Object.keys(readDockerfile(read('docker/Dockerfile')));
    for (const { build, ports = [] } of Object.values(services)) {
      if (build) expect(targets).toContain(build.target);
      expect(ports.filter((port) => !port.startsWith('127.0.0.1:'))).toEqual([]);
      expect(ports.join()).not.toContain('9464');
    }
  });
});

/* eslint-disable @typescript-eslint/no-explicit-any -- manifests of many kinds */
describe('the Kubernetes base', () => {
  const kustomization = parse(read(`${KUBERNETES}/kustomization.yaml`)) as any;
  const manifests: any[] = (kustomization.resources as string[]).flatMap((file) =>
    parseAllDocuments(read(`${KUBERNETES}/${file}`)).map((document) => document.toJS() as unknown),
  );
  const secret = parse(read(`${KUBERNETES}/secret.example.yaml`)) as any;
  const find = (kind: string, name: string): any =>
    manifests.find((manifest) => manifest.kind === kind && manifest.metadata.name === name);
  const ofKind = (kind: string): any[] => manifests.filter((manifest) => manifest.kind === kind);
  const podsOf = (workload: any): any => workload.spec.template.spec;
  const workloads = [...ofKind('Deployment'), ...ofKind('Job')];
  const labelsOf = (name: string): object => find('Deployment', name).spec.template.metadata.labels;

  it('names every file but the example of a Secret', () => {
    const files = readdirSync(join(ROOT, KUBERNETES)).filter((file) => file.endsWith('.yaml'));
    const left = files.filter((file) => !kustomization.resources.includes(file));
    expect(left.sort()).toEqual(['kustomization.yaml', 'secret.example.yaml']);
  });

  it('gives the processes every variable they need, and none that they do not know', () => {
    const env = { ...find('ConfigMap', 'countersign').data, ...secret.stringData };
    expect(REQUIRED.filter((name) => !(name in env))).toEqual([]);
    expect(Object.keys(env).filter((name) => !VARIABLES.includes(name))).toEqual([]);
    expect(loadConfig({ ...env, ...FRESH }).production).toBe(true);
    expect(() => loadConfig(env)).toThrow('sample value');
    for (const workload of workloads)
      expect(podsOf(workload).containers[0].envFrom).toEqual([
        { configMapRef: { name: 'countersign' } },
        { secretRef: { name: secret.metadata.name } },
      ]);
  });

  it.each([
    ['api', defaults['PORT']],
    ['worker', defaults['WORKER_PORT']],
  ])('asks the %s how it is, on its own port', (name, port) => {
    const [container] = podsOf(find('Deployment', `countersign-${name}`)).containers;
    const ports = Object.fromEntries(container.ports.map((entry: any) => [entry.name, entry.containerPort]));
    expect(ports.metrics).toBe(defaults['METRICS_PORT']);
    for (const [probe, path] of [
      ['startupProbe', '/health/startup'],
      ['livenessProbe', '/health/live'],
      ['readinessProbe', '/health/ready'],
    ] as const) {
      const { httpGet } = container[probe];
      expect([probe, httpGet.path, ports[httpGet.port]]).toEqual([probe, path, port]);
    }
  });

  it('waits longer for a pod than its process waits for itself', () => {
    for (const deployment of ofKind('Deployment'))
      expect(podsOf(deployment).terminationGracePeriodSeconds).toBeGreaterThan(FORCED_EXIT_SECONDS);
  });

  it('gives no pod a right that it does not use (SEC-23)', () => {
    for (const workload of workloads) {
      const pod = podsOf(workload);
      expect(pod.automountServiceAccountToken).toBe(false);
      expect(pod.securityContext).toMatchObject({
        runAsNonRoot: true,
        runAsUser: 1000,
        seccompProfile: { type: 'RuntimeDefault' },
      });
      for (const container of pod.containers) {
        expect(container.securityContext).toEqual({
          allowPrivilegeEscalation: false,
          readOnlyRootFilesystem: true,
          capabilities: { drop: ['ALL'] },
        });
        expect(container.resources.requests).toHaveProperty('memory');
        expect(container.resources.limits).toHaveProperty('memory');
      }
    }
  });

  it.each(['api', 'worker'])('keeps one %s through every planned disruption', (name) => {
    const deployment = find('Deployment', `countersign-${name}`);
    const budget = find('PodDisruptionBudget', `countersign-${name}`);
    expect(budget.spec.selector.matchLabels).toEqual(labelsOf(`countersign-${name}`));
    expect(budget.spec.minAvailable).toBeLessThan(deployment.spec.replicas);
  });

  it('shows the metrics port inside the cluster only', () => {
    for (const service of ofKind('Service')) {
      const ports = service.spec.ports.map((port: any) => port.targetPort);
      expect(service.spec.type).toBe('ClusterIP');
      expect(ports).toEqual(service.metadata.name.endsWith('-metrics') ? ['metrics'] : ['http']);
      const deployment = service.metadata.name.replace(/-metrics$/, '');
      expect(service.spec.selector).toEqual(labelsOf(deployment));
    }
    const policies = ofKind('NetworkPolicy').flatMap(({ spec }) => spec.ingress ?? []);
    for (const rule of policies.filter((entry) => entry.ports[0].port === 'metrics'))
      expect(rule.from).toHaveLength(1);
  });

  it('puts a policy before every pod', () => {
    for (const workload of workloads)
      expect(find('NetworkPolicy', workload.metadata.name).spec.podSelector.matchLabels).toEqual(
        workload.spec.template.metadata.labels,
      );
  });

  it('runs images that the Dockerfile makes', () => {
    const targets = Object.keys(readDockerfile(read('docker/Dockerfile')));
    const images: string[] = workloads.flatMap((workload) =>
      podsOf(workload).containers.map((entry: any) => entry.image),
    );
    for (const image of images) {
      expect(targets).toContain(image.replace('countersign-', ''));
      expect(kustomization.images.map((entry: any) => entry.name)).toContain(image);
    }
  });
});

/** `NAME=value` lines; the last of two with one name counts, as for Docker and the shell. */
function parseEnv(text: string): Record<string, string> {
  return Object.fromEntries(
    [...text.matchAll(/^([A-Z_]+)=(.*)$/gm)].map(([, name, value]) => [name!, value!]),
  );
}

/** `${NAME}`, `${NAME:-default}` and `${NAME:?message}` as Compose fills them in. */
function fill(value: string, env: Record<string, string>): string {
  return value.replace(
    /\$\{(\w+)(?::([-?])([^}]*))?\}/g,
    (_whole, name: string, kind?: string, rest = '') => {
      if (env[name]) return env[name];
      if (kind === '?') throw new Error(`${name}: ${rest}`);
      return rest;
    },
  );
}

interface Stage {
  from: string;
  lines: string[];
  copies: { from: string | undefined; sources: string[] }[];
}

function readDockerfile(text: string): Record<string, Stage> {
  const stages: Record<string, Stage> = {};
  let current: Stage | undefined;
  for (const line of text.split('\n').filter((entry) => entry && !entry.startsWith('#'))) {
    const from = /^FROM (\S+) AS (\S+)$/.exec(line);
    if (from) stages[from[2]!] = current = { from: from[1]!, lines: [], copies: [] };
    current?.lines.push(line);
    const copy = /^COPY (?:--from=(\S+) )?(.+) \S+$/.exec(line);
    if (copy) current?.copies.push({ from: copy[1], sources: copy[2]!.split(' ') });
  }
  return stages;
}

/** The last such instruction of a stage, or of the stages it starts from. */
function inherited(stages: Record<string, Stage>, name: string, instruction: string): string | undefined {
  const stage = stages[name];
  if (!stage) return undefined;
  const found = stage.lines.findLast((line) => line.startsWith(`${instruction} `));
  return found?.slice(instruction.length + 1) ?? inherited(stages, stage.from, instruction);
}

/** Everything an entry file imports, directly or not: files of ours and names of packages. Types count too: harmless. */
function loaded(entry: string): { files: string[]; packages: Set<string> } {
  const files = new Set<string>();
  const packages = new Set<string>();
  const visit = (file: string): void => {
    if (files.has(file)) return;
    files.add(file);
    for (const [, name] of read(file).matchAll(IMPORT)) {
      if (name!.startsWith('.'))
        visit(relative(ROOT, join(ROOT, dirname(file), name!)).replace(/\.js$/, '.ts'));
      else if (name!.startsWith('#')) visit(`libs/${name!.slice(1)}/index.ts`);
      else if (!name!.startsWith('node:') && !builtinModules.includes(name!))
        packages.add(
          name!
            .split('/')
            .slice(0, name!.startsWith('@') ? 2 : 1)
            .join('/'),
        );
    }
  };
  visit(entry);
  return { files: [...files], packages };
}
