// Owns which messages the client said were answered.

import { Injectable } from '@nestjs/common';

/** Of more only the newest are kept. */
const KEPT = 1_000;

@Injectable()
export class InfobipConversions {
  private ids: string[] = [];

  add(id: string): void {
    this.ids = [...this.ids, id].slice(-KEPT);
  }

  list(): readonly string[] {
    return this.ids;
  }
}
