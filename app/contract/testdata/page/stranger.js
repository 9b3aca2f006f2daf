// A page whose origin is not allowed: the product serves what it asks for, and the
// browser shows it nothing. Each call tells whether the page could read the answer.

const setup = await (await fetch('setup.json')).json();

async function read(path, init = {}) {
  try {
    return String((await fetch(setup.api + path, { credentials: 'include', ...init })).status);
  } catch {
    return 'blocked';
  }
}

await fetch('report', {
  method: 'POST',
  body: JSON.stringify({
    open: await read('/jobs/public'),
    refused: await read('/auth/me'),
    // Needs no preflight, so it is served: the interview begins.
    start: await read('/interviews/candidate/start?token=' + setup.token, { method: 'POST' }),
    // Needs one, which is answered without the page's origin: it is not sent.
    notes: await read('/interviews/candidate/notes?token=' + setup.token, {
      method: 'PATCH', headers: { 'Content-Type': 'application/json' }, body: '{"notes":"from a stranger"}',
    }),
    header: await read('/interviews/candidate/current', { headers: { 'X-Interview-Token': setup.token } }),
  }),
});
