import { Injectable } from '@nestjs/common';
import { constantTimeEqual, KeyRing, shortDigest } from '#platform/crypto';
import { type Identifier, parseNative, renderNative } from '#platform/identifiers';

/** Where a page ended, signed for its tenant: a cursor of somebody else, or made up, is refused. */
@Injectable()
export class PageCursor {
  constructor(private readonly keyRing: KeyRing) {}

  render(tenantId: Identifier, position: { openedAt: number; id: Identifier }): string {
    const text = `${position.openedAt}.${renderNative('challenge', position.id)}`;
    return `${text}.${this.sign(tenantId, text)}`;
  }

  parse(tenantId: Identifier, cursor: string): { openedAt: Date; id: Identifier } | undefined {
    const [at = '', idText = '', signature = ''] = cursor.split('.');
    const id = parseNative('challenge', idText);
    if (
      !id ||
      !/^\d{1,15}$/.test(at) ||
      !constantTimeEqual(signature, this.sign(tenantId, `${at}.${idText}`))
    )
      return undefined;
    return { openedAt: new Date(Number(at)), id };
  }

  private sign(tenantId: Identifier, text: string): string {
    return shortDigest(this.keyRing.installationKey, ['cursor', tenantId, text]);
  }
}
