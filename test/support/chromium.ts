// A browser to look at pages with: CHROME_PATH, else a Chromium or Chrome in PATH, else the one that comes with npm.
import {
  accessSync,
  constants,
  existsSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { type Browser, chromium } from 'playwright-core';

const NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];
/** Containers give /dev/shm 64 MB, which is too little for a page. */
const ARGS = ['--no-sandbox', '--disable-dev-shm-usage'];
/** They would switch off what the specs look for, or a process that a page needs. */
const UNWANTED =
  /^--(disable-web-security|allow-running-insecure-content|disable-site-isolation-trials|single-process|headless)/;

interface Candidate {
  executablePath: string;
  args: string[];
  env?: Record<string, string | undefined>;
}

export async function launchChromium(): Promise<Browser> {
  const { executablePath, args, env } = await findChromium();
  try {
    return await chromium.launch({ executablePath, args, env: env as Record<string, string> });
  } catch (error) {
    throw new Error(`${executablePath} does not start; set CHROME_PATH to a Chromium that does`, {
      cause: error,
    });
  }
}

export async function findChromium(environment: NodeJS.ProcessEnv = process.env): Promise<Candidate> {
  const named = environment['CHROME_PATH'];
  if (named) {
    if (!isExecutable(named)) throw new Error(`CHROME_PATH is ${named}, which is no program`);
    return { executablePath: named, args: ARGS };
  }
  for (const folder of (environment['PATH'] ?? '').split(delimiter))
    for (const name of NAMES)
      if (folder && isExecutable(join(folder, name)))
        return { executablePath: join(folder, name), args: ARGS };
  try {
    return await unpackChromium(environment);
  } catch (error) {
    throw new Error(
      'No Chromium. Install one (apt-get install chromium), or set CHROME_PATH, or install the devDependencies: ' +
        '@sparticuz/chromium brings one for Linux on x64.',
      { cause: error },
    );
  }
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/**
 * The package unpacks into the temporary folder, under names that others use too, and takes half a file of an
 * interrupted run for a whole one: here it works in a folder of its own, which gets its name when it is complete.
 * The libraries that a bare machine lacks come along only where the package believes to be on Lambda.
 */
async function unpackChromium(environment: NodeJS.ProcessEnv): Promise<Candidate> {
  if (process.platform !== 'linux' || process.arch !== 'x64') throw new Error('not Linux on x64');
  const { default: packed } = await import('@sparticuz/chromium');
  const home = join(tmpdir(), `countersign-chromium-${packedVersion()}-${process.getuid!()}`);
  if (!existsSync(home)) {
    const work = mkdtempSync(`${home}-`);
    try {
      await withVariables({ TMPDIR: work, AWS_EXECUTION_ENV: 'AWS_Lambda_nodejs20.x' }, () =>
        packed.executablePath(),
      );
      renameSync(work, home);
    } catch (error) {
      rmSync(work, { recursive: true });
      // Another run of the suite may have been faster.
      if (!existsSync(home)) throw error;
    }
  }
  return {
    executablePath: join(home, 'chromium'),
    args: [...packed.args.filter((arg) => !UNWANTED.test(arg)), ...ARGS],
    env: {
      ...environment,
      LD_LIBRARY_PATH: [join(home, 'al2023', 'lib'), environment['LD_LIBRARY_PATH']]
        .filter(Boolean)
        .join(':'),
      FONTCONFIG_FILE: environment['FONTCONFIG_FILE'] ?? fontsOf(home),
    },
  };
}

/** The package's own list of font folders names places it did not unpack into: without one, a page has no text. */
function fontsOf(home: string): string {
  const file = join(home, 'fonts.conf');
  const folders = [join(home, 'fonts'), '/usr/share/fonts'].map((folder) => `<dir>${folder}</dir>`).join('');
  const cache = `<cachedir>${join(home, 'font-cache')}</cachedir>`;
  if (!existsSync(file))
    writeFileSync(file, `<?xml version="1.0"?><fontconfig>${folders}${cache}</fontconfig>`);
  return file;
}

function packedVersion(): string {
  const main = createRequire(import.meta.url).resolve('@sparticuz/chromium');
  return (JSON.parse(readFileSync(join(dirname(main), '../../package.json'), 'utf8')) as { version: string })
    .version;
}

async function withVariables(variables: Record<string, string>, work: () => Promise<unknown>): Promise<void> {
  const before = Object.keys(variables).map((name) => [name, process.env[name]] as const);
  Object.assign(process.env, variables);
  try {
    await work();
  } finally {
    for (const [name, value] of before) {
      if (value === undefined) Reflect.deleteProperty(process.env, name);
      else process.env[name] = value;
    }
  }
}
