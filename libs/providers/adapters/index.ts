import type { MessageProvider } from '../message-provider.js';
import { metaCloud } from './meta-cloud/meta-cloud.provider.js';
import { smtp } from './smtp/smtp.provider.js';

/** Every adapter, one line each. */
export const ADAPTERS: readonly MessageProvider[] = [metaCloud, smtp];
