import { Global, Module } from '@nestjs/common';
import { KeyRing } from './key-ring.js';
import { Sealer } from './seal.js';

@Global()
@Module({ providers: [KeyRing, Sealer], exports: [KeyRing, Sealer] })
export class CryptoModule {}
