// Owns /_sim/dialog360: which keys there are, and of which kind and number each is.

import { Body, Controller, Get, Put } from '@nestjs/common';
import { digits, object, oneOf, ShapeError, text } from '../core/shape.js';
import { type Dialog360Key, Dialog360Keys, type KeySpec, KINDS } from './dialog360-keys.js';

const readKey = object<KeySpec, 'apiKey'>(
  {
    apiKey: text(/^[\x21-\x7e]{8,500}$/, 'a key of 8 to 500 characters'),
    kind: oneOf(...KINDS),
    phoneNumberId: digits,
  },
  'apiKey',
);

@Controller('_sim/dialog360')
export class ControlDialog360Controller {
  constructor(private readonly keys: Dialog360Keys) {}

  @Get()
  list() {
    return { keys: this.keys.list().map((key) => this.view(key)) };
  }

  @Put()
  put(@Body() body: unknown) {
    const key = this.keys.put(readKey(body, ''));
    if (!this.keys.open(key.apiKey)) throw new ShapeError('phoneNumberId', 'of a number there is');
    return this.view(key);
  }

  /** Keys stay inside, but for their end: whoever set them knows them. */
  private view({ apiKey, kind, phoneNumberId, webhook }: Dialog360Key) {
    const namespace = this.keys.open(apiKey)?.account.namespace;
    return { apiKey: `…${apiKey.slice(-6)}`, kind, phoneNumberId, namespace, callbackUrl: webhook?.url };
  }
}
