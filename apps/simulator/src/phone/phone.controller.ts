// Owns the pages: the list of phones, one phone, and their static files, which lie
// beside this file in the sources and in dist. No inline script or style anywhere,
// which the content security policy holds to.

import { readFileSync } from 'node:fs';
import { Controller, Get, NotFoundException, Param, Query, Res } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { digitsOf, isMailAddress } from '../core/phone-number.js';

const TYPES: Record<string, string> = {
  html: 'text/html; charset=utf-8',
  css: 'text/css; charset=utf-8',
  js: 'text/javascript; charset=utf-8',
  svg: 'image/svg+xml',
};

const ASSETS = [
  'frame.css',
  'chat.css',
  'channels.css',
  'delivery.css',
  'contacts.css',
  'phones.css',
  'phone.js',
  'bubble.js',
  'chats.js',
  'contacts.js',
  'delivery.js',
  'copy.js',
  'phones.js',
  'icon.svg',
];

const SECURITY_HEADERS = {
  'content-security-policy': [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self'",
    "connect-src 'self'",
    "form-action 'self'",
    "base-uri 'none'",
    "frame-ancestors 'self'",
  ].join('; '),
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cache-control': 'no-cache',
};

@Controller()
export class PhoneController {
  private readonly files = new Map(
    ['phone.html', 'phones.html', ...ASSETS].map((name) => [
      name,
      readFileSync(new URL(name, import.meta.url)),
    ]),
  );

  @Get()
  root(@Res() reply: FastifyReply): void {
    void reply.redirect('/phone', 302);
  }

  /** The form of the list sends `?number=`; it works without script. */
  @Get('phone')
  list(@Query('number') number: unknown, @Res() reply: FastifyReply): void {
    const written = typeof number === 'string' ? number.trim() : '';
    const digits = digitsOf(written);
    if (isMailAddress(written)) void reply.redirect(`/phone/${encodeURIComponent(written)}`, 303);
    else if (digits !== '') void reply.redirect(`/phone/+${digits}`, 303);
    else this.sendFile('phones.html', reply);
  }

  @Get('phone/assets/:file')
  asset(@Param('file') file: string, @Res() reply: FastifyReply): void {
    if (!ASSETS.includes(file)) throw new NotFoundException('No such file');
    this.sendFile(file, reply);
  }

  @Get('phone/:number')
  phone(@Param('number') number: string, @Res() reply: FastifyReply): void {
    if (digitsOf(number) === '' && !isMailAddress(number))
      throw new NotFoundException('A phone has a number');
    this.sendFile('phone.html', reply);
  }

  private sendFile(name: string, reply: FastifyReply): void {
    const type = TYPES[name.split('.').pop() ?? ''] ?? 'application/octet-stream';
    void reply.headers(SECURITY_HEADERS).type(type).send(this.files.get(name));
  }
}
