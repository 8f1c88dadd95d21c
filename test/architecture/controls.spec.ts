// `npm run test:controls` takes minutes and is not part of `npm test`; that it still can be run is.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { CONTROLS } from '../faults/controls/controls.mjs';
import { ROOT } from './boundaries.mjs';
import { titlesIn } from './proofs.mjs';

describe.each(CONTROLS.map((control) => [control.id, control] as const))(
  'the control of %s',
  (id, control) => {
    it('stands once in its file, and its patch changes it', () => {
      const text = readFileSync(join(ROOT, control.file), 'utf8');
      expect(text.split(control.find)).toHaveLength(2);
      expect(control.replace).not.toBe(control.find);
    });

    it('has a test that names it', () => {
      expect(control.test).toContain(id);
      const titles = titlesIn(readFileSync(join(ROOT, control.spec), 'utf8'));
      expect(titles.filter((title) => title.includes(id)).length).toBeGreaterThan(0);
    });
  },
);

it('at least twenty of ATK and STD can be switched off', () => {
  const ids = new Set(CONTROLS.map(({ id }) => id).filter((id) => /^(ATK|STD)-/.test(id)));
  expect(ids.size).toBeGreaterThanOrEqual(20);
});
