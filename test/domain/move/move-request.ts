import type { MoveRequest } from '../../../src/domain/move/request.ts';
import { DEFAULT_MOVE_DEADLINES } from '../../../src/domain/move/request.ts';

/** A request for `eth5` to become `net1` in the namespace `pod1`. */
export function moveRequest(overrides: Partial<MoveRequest> = {}): MoveRequest {
  return {
    link: 'eth5',
    netns: '/run/netns/pod1',
    name: 'net1',
    identity: null,
    up: false,
    keepAddresses: false,
    way: null,
    accept: [],
    attachment: null,
    deadlines: DEFAULT_MOVE_DEADLINES,
    ...overrides,
  };
}
