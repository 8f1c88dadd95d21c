export { Metrics, MetricsServer } from './metrics.js';
export { MetricsModule } from './metrics.module.js';
