import { parentPort } from 'node:worker_threads';
import { eventsOfSwitchingRoutes } from './looking.ts';

parentPort?.postMessage(eventsOfSwitchingRoutes());
