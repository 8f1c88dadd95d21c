import { ApiKeyEntity } from './api-key.entity.js';
import { TenantEntity } from './tenant.entity.js';

export { type KeyMode, SCOPES, type Scope } from './api-key.js';
export { ApiKeyGuard } from './api-key.guard.js';
export { KeyStore } from './key-store.js';
export {
  type AuthenticatedRequest,
  By,
  Caller,
  callerOf,
  type Principal,
  Public,
  PUBLIC_ROUTE,
  REQUIRED_SCOPE,
  RequireScope,
} from './principal.js';
export { TenantsModule } from './tenants.module.js';
export { TenantsService, USUAL_SCOPES } from './tenants.service.js';

export const tenantEntities = [TenantEntity, ApiKeyEntity];
