export { constantTimeEqual } from './constant-time.js';
export { CryptoModule } from './crypto.module.js';
export { keyedDigest, shortDigest } from './digest.js';
export { ed25519From, type Ed25519Pair, readEd25519 } from './ed25519.js';
export { KeyRing } from './key-ring.js';
export { drawRandomBytes } from './random-pool.js';
export { RetiredKey, Sealer } from './seal.js';
export { signedHeaders, webhookSignature } from './standard-webhooks.js';
