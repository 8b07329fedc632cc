export {
  type Candidate,
  drawOrder,
  type Random,
  stickyOrder,
  TARGETS_MAX,
  type Tier,
  tiersOf,
} from './route-rules.ts';
