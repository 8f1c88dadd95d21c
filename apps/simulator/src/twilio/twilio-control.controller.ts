// Owns /_sim/twilio: the senders that people can write to.

import { Body, Controller, Put } from '@nestjs/common';
import { TwilioListeners } from './twilio-listeners.js';

@Controller('_sim/twilio')
export class TwilioControlController {
  constructor(private readonly listeners: TwilioListeners) {}

  @Put()
  put(@Body() body: unknown) {
    return this.listeners.put(body);
  }
}
