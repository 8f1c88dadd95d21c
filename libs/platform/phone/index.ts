export {
  type CanonicalReceiver,
  foldVariants,
  maskReceiver,
  parsePhone,
  type ReceiverProblem,
} from './phone.js';
