import qrcode from 'qrcode-generator';
import { expect, it } from 'vitest';
import { qrSvg } from './qr-svg.js';

it('a QR code is drawn module for module, with room around it, and holds nothing that runs', () => {
  const text = 'https://wa.me/584111111111?text=My%20sign-in%20code%20is%20ABCDE-FGHJK';
  const svg = qrSvg(text, 'ABCDE-FGHJK');
  expect(svg).not.toMatch(/script|style|on\w+=|href/);
  const code = qrcode(0, 'M');
  code.addData(text, 'Byte');
  code.make();
  const count = code.getModuleCount();
  expect(svg).toContain(`viewBox="0 0 ${count + 8} ${count + 8}"`);
  const dark = new Set<string>();
  const [, path] = /fill="#000" d="([^"]+)"/.exec(svg)!;
  for (const [, x, y, width] of path!.matchAll(/M(\d+) (\d+)h(\d+)v1h-\d+z/g))
    for (let at = 0; at < Number(width); at++) dark.add(`${Number(x) + at - 4},${Number(y) - 4}`);
  for (let row = 0; row < count; row++)
    for (let column = 0; column < count; column++)
      expect([row, column, dark.has(`${column},${row}`)]).toEqual([row, column, code.isDark(row, column)]);
});
