// Calls the product as the web frontend's client does: with credentials, JSON with a
// content type only when there is a body, the interview token in its header, and forms
// as the browser writes them.

import { compare, selfCheck } from './shapes.js';

const load = async (path) => (await fetch(path)).json();

export const setup = await load('setup.json');
const { shapes, routes } = await load('fields.json');

// report is what the test reads in the end.
export const report = { calls: 0, pictures: 0, routes: [], blocked: [], missing: [], wrong: selfCheck(), ended: '' };

const called = new Set();

// send makes one request and returns its status, type and body. A fetch that rejects
// was blocked by the browser: that is what a CORS error looks like to a page.
export async function send(route, { values = {}, query = '', body, form, token, headers = {}, credentials = 'include', url } = {}) {
  const [method, pattern] = route.split(' ');
  const path = pattern.replace(/:(\w+)/g, (_, name) => {
    if (typeof values[name] !== 'string') report.wrong.push(`${route}: the story has no ${name}`);
    return encodeURIComponent(values[name]);
  });
  const init = { method, credentials, headers: { ...headers } };
  if (token) init.headers['X-Interview-Token'] = token;
  if (body !== undefined) {
    init.headers['Content-Type'] = 'application/json';
    init.body = JSON.stringify(body);
  }
  if (form) init.body = form;
  report.calls++;
  try {
    const res = await fetch(url ?? setup.api + path + query, init);
    const type = res.headers.get('Content-Type') ?? '';
    // The client reads JSON only under this type.
    const json = type.includes('application/json') ? await res.json() : undefined;
    return { status: res.status, type, json, blob: json === undefined ? await res.blob() : undefined };
  } catch (err) {
    report.blocked.push(`${route}: ${err}`);
    return { status: 0, type: '' };
  }
}

// call makes one call of a route, checks its answer and returns it.
export async function call(route, options = {}) {
  const [status, shape] = routes[route];
  called.add(route);
  const answer = await send(route, options);
  if (answer.status === 0) return {};
  if (answer.status !== status) {
    report.wrong.push(`${route}: ${answer.status} ${JSON.stringify(answer.json)}, want ${status}`);
    return answer.json ?? {};
  }
  if (shape === '-') return answer.blob ?? {};
  if (answer.json === undefined) {
    report.wrong.push(`${route}: the answer is ${answer.type || 'of no type'}, no JSON`);
    return {};
  }
  compare(shapes, shape, answer.json, route, (kind, text) => report[kind].push(text));
  return answer.json;
}

// refused makes a call that is refused: a page must be able to read why.
export async function refused(route, status, text, options = {}) {
  const answer = await send(route, options);
  if (answer.status === 0) return;
  if (answer.status !== status || answer.json?.error !== text) {
    report.wrong.push(`${route}: ${answer.status} ${JSON.stringify(answer.json)}, want ${status} ${text}`);
  }
}

// ours makes sure that a URL of an answer is absolute and on the product's origin.
export function ours(route, url) {
  if (typeof url !== 'string' || !url.startsWith(setup.api + '/')) report.wrong.push(`${route}: the URL ${url} is not on ${setup.api}`);
  return url;
}

// shows puts a URL into an <img>, as pages do with logos and screenshots.
export async function shows(what, url) {
  report.pictures++;
  const image = new Image();
  image.src = url;
  await image.decode().catch((err) => report.wrong.push(`${what}: the picture ${url} does not show: ${err}`));
}

// expect notes a fact of the story that does not hold.
export function expect(what, holds) {
  if (!holds) report.wrong.push(what);
}

// finish sends the report home.
export async function finish() {
  report.routes = [...called];
  await fetch('report', { method: 'POST', body: JSON.stringify(report) });
}
