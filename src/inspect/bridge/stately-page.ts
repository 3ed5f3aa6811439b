/** Stately's own inspector page. */
export const STATELY_URL = 'https://stately.ai/inspect';

/**
 * A page with Stately's inspector in a frame, which gets its messages from our `/stately`. The frame begins anew with each connection, so that nothing
 * is there twice; messages go to its origin only.
 */
export function statelyPage(url: string): string {
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>ovs-uplink in Stately's inspector</title>
<style>
html, body, iframe { height: 100%; width: 100%; margin: 0; border: 0; display: block }
p { position: fixed; inset: auto 0 0; margin: 0; padding: 6px 12px; font: 14px system-ui; background: #fc6; color: #000 }
p:empty { display: none }
</style>
<iframe title="Stately's inspector"></iframe>
<p role="status"></p>
<script>
${clientScript(url)}
</script>
</html>
`;
}

function clientScript(url: string): string {
  return `const url = ${asScript(url)};
const origin = ${asScript(new URL(url).origin)};
const frame = document.querySelector('iframe');
const status = document.querySelector('p');
let socket = null;
let delayMs = 500;
function load() {
  frame.src = 'about:blank';
  frame.src = url;
}
function connect() {
  if (socket !== null) socket.onclose = null, socket.onmessage = null, socket.close();
  const made = socket = new WebSocket('ws://' + location.host + '/stately');
  made.onopen = () => { status.textContent = ''; delayMs = 500; };
  made.onmessage = event => frame.contentWindow.postMessage(JSON.parse(event.data), origin);
  made.onclose = () => {
    socket = null;
    status.textContent = 'ovs-uplink does not answer; trying again. If it was started again, open the address that it printed.';
    setTimeout(load, delayMs);
    delayMs = Math.min(delayMs * 2, 10000);
  };
}
addEventListener('message', event => {
  if (event.origin !== origin || event.source !== frame.contentWindow) return;
  if (event.data && event.data.type === '@statelyai.connected') connect();
});
load();`;
}

/** A text in a script within HTML. */
function asScript(text: string): string {
  return JSON.stringify(text).replaceAll('<', '\\u003c');
}
