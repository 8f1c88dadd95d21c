import { describe, expect, it } from 'vitest';
import { isRegistered, judgeLinkOptions } from './link-options.js';

const faults = (options: object): string[] =>
  judgeLinkOptions({ displayName: 'The Shop', exchange: true, ...options }).map(
    ({ pointer, code }) => `${pointer.slice(7)} ${code}`,
  );

describe('a registered redirect URL (ATK-18)', () => {
  it.each([
    'https://shop.example/',
    'https://shop.example/login',
    'https://shop.example:8443/login/',
    'http://localhost:3000/done',
    'http://127.0.0.1:3000/done',
    'http://[::1]:3000/done',
  ])('%s is taken', (url) => expect(faults({ redirectUrls: [url] })).toEqual([]));

  it.each([
    ['plain http', 'http://shop.example/'],
    ['no path, which browsers would write', 'https://shop.example'],
    ['capitals', 'https://Shop.example/'],
    ['the usual port', 'https://shop.example:443/'],
    ['credentials', 'https://ana@shop.example/'],
    ['a fragment', 'https://shop.example/#x'],
    ['an empty fragment', 'https://shop.example/#'],
    ['a query', 'https://shop.example/?next=x'],
    ['another scheme', 'javascript:alert(1)'],
    ['data', 'data:text/html,x'],
    ['no scheme', '//shop.example/'],
    ['dot segments', 'https://shop.example/a/../b'],
    ['an encoded line end', 'https://shop.example/%0d%0aX: y'],
    ['nothing', ''],
    ['more than can be kept', `https://shop.example/${'x'.repeat(512)}`],
  ])('%s is refused', (_what, url) =>
    expect(faults({ redirectUrls: [url] })).toEqual(['redirectUrls/0 url_required']),
  );

  it('has no use without exchange', () => {
    expect(faults({ exchange: false, redirectUrls: ['https://shop.example/'] })).toEqual([
      'redirectUrls not_allowed',
    ]);
  });
});

describe('a return URL (ATK-18, BI-67)', () => {
  const registered = ['https://shop.example/login', 'https://shop.example:8443/a/'];

  it.each([
    'https://shop.example/login',
    'https://shop.example/login?state=abc',
    'https://shop.example/login/done?x=1&y=2',
    'https://shop.example:8443/a/b',
  ])('%s is one of ours', (url) => expect(isRegistered(url, registered)).toBe(true));

  it.each([
    '//evil.example/login',
    '/login',
    'https:evil.example/login',
    'https:/shop.example/login',
    '\\\\evil.example\\login',
    'https://shop.example\\@evil.example/login',
    'https://shop.example@evil.example/login',
    'https://ok@shop.example/login',
    'https://shop.example:pw@evil.example/login',
    'javascript:alert(1)//https://shop.example/login',
    'https://shop.example/login%0d%0aSet-Cookie:x=y',
    'https://shop.example/login\r\nX: y',
    'https://shop.example/login/%2e%2e/admin',
    'https://shop.example/login/../admin',
    'https://shop.example/login%2f..%2fadmin',
    'https://shop.example/login%5cadmin',
    'HTTPS://shop.example/login',
    'https://SHOP.example/login',
    'https://shop.example./login',
    'https://shop.example:443/login',
    'https://shop.example:8444/a/',
    'http://shop.example/login',
    'https://shop.example/loginx',
    'https://shop.example/Login',
    'https://shop.example/',
    'https://shop.example.evil.example/login',
    'https://evil.example/?https://shop.example/login',
    'https://shop.example/login#x',
    ' https://shop.example/login',
    'https://shop.example/login\t',
    'https://shop。example/login',
    'https://shop.example/login?\u202e',
    '',
  ])('%j is not', (url) => expect(isRegistered(url, registered)).toBe(false));
});

describe('the name of who asks (BI-68)', () => {
  it.each(['The Shop', 'Café Ñandú', '店', '"><script>alert(1)</script>'])('%s is text', (displayName) =>
    expect(faults({ displayName })).toEqual([]),
  );

  it.each(['', '   ', 'evil\u202etxt', 'a\u200bb', 'a\nb', 'a\u0000b'])('%j hides something', (displayName) =>
    expect(faults({ displayName })).toEqual(['displayName format']),
  );
});
