export { constantTimeEqual } from './constant-time.js';
export { CryptoModule } from './crypto.module.js';
export { keyedDigest, shortDigest } from './digest.js';
export { KeyRing } from './key-ring.js';
export { drawRandomBytes } from './random-pool.js';
export { RetiredKey, Sealer } from './seal.js';
