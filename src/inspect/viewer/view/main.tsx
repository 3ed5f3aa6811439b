import { render } from 'preact';
import { createTrace } from '../model/trace.ts';
import { App } from './app.tsx';
import { type FeedState, followFeed } from './feed.ts';

const trace = createTrace();
const root = document.getElementById('app')!;

const show = (feed: FeedState): void => render(<App trace={trace} version={trace.version} feed={feed} />, root);
followFeed(trace, show);
show('connecting');
