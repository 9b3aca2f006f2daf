// What the pages of the web frontend do, one after the other: an administrator, a
// recruiter, a candidate with a link and one with an account. The browser has one
// session cookie, so each chapter begins with a login.

import { call, expect, finish, ours, refused, report, send, setup, shows } from './caller.js';

const login = (email, role) =>
  call('POST /auth/test-login', { body: { email, role, fullName: 'Test Person' }, headers: { 'X-Test-Token': setup.testToken } });

function form(file, name, fields = {}) {
  const f = new FormData();
  f.append('file', file, name);
  for (const [key, value] of Object.entries(fields)) f.append(key, value);
  return f;
}

// picture is one that the browser itself has drawn, as the interview page does.
function picture(type) {
  const canvas = document.createElement('canvas');
  canvas.width = canvas.height = 16;
  canvas.getContext('2d').fillRect(4, 4, 8, 8);
  return new Promise((done) => canvas.toBlob(done, type));
}

const resume = () => new Blob(['%PDF-1.7 a short life'], { type: 'application/pdf' });

const candidateEmail = 'candidate@pages.example';
const at = {}; // the ids of the story

// Nobody is logged in: refusals must be readable.
async function nobody() {
  await call('GET /health');
  await refused('GET /auth/me', 401, 'Authentication required');
  await refused('GET /nowhere', 404, 'Not found');
  await refused('GET /interviews/candidate/current', 401, 'Interview token required');
  await refused('POST /auth/test-login', 401, 'Unauthorized', { body: {}, headers: { 'X-Test-Token': 'wrong' } });
}

async function recruiterSettlesIn() {
  await login(setup.recruiter, 'RECRUITER');
  const me = await call('GET /auth/me');
  expect('the account shows no recruiter profile', me.recruiterProfile);
  await call('GET /users/recruiter-profile');
  // The settings page sends null for each text that is not set.
  const nulls = { companyName: 'Acme', logoFileId: null, brandColor: '#3B82F6', emailIntro: null, emailTips: null, emailCtaText: null };
  await call('PATCH /users/recruiter-profile', { body: nulls });
  await refused('PATCH /users/recruiter-profile', 400, 'Invalid input', { body: { brandColor: 'red' } });
  const logo = await call('POST /users/recruiter-profile/logo', { form: form(await picture('image/png'), 'logo.png') });
  await shows('POST /users/recruiter-profile/logo', ours('POST /users/recruiter-profile/logo', logo.url));
  at.logo = logo.logoFileId;
  const key = await call('POST /users/api-keys', { body: { name: 'Applicant tracking' } });
  await call('GET /users/api-keys');
  await call('DELETE /users/api-keys/:id', { values: { id: key.id } });
  // The public page asks this for everybody who is logged in.
  await refused('GET /applications/mine', 403, 'Insufficient permissions');

  const full = { title: 'Engineer', description: 'Fast systems', department: 'Product', location: 'Berlin', jobType: 'full-time', salaryRange: '1-2' };
  at.job = (await call('POST /jobs', { body: full })).id;
  at.bareJob = (await call('POST /jobs', { body: { title: 'Designer' } })).id;
  at.rejectedJob = (await call('POST /jobs', { body: { title: 'Wizard' } })).id;
  await refused('POST /jobs/:id/publish', 400, 'Job must be approved before publishing', { values: { id: at.job } });
  await call('PATCH /jobs/:id', { values: { id: at.job }, body: { title: 'Senior Engineer' } });
}

async function administratorApproves() {
  at.admin = (await login('admin@pages.example', 'ADMIN')).id;
  await call('GET /admin/jobs', { query: '?page=1&limit=100' });
  await call('POST /admin/jobs/:id/approve', { values: { id: at.job } });
  await call('POST /admin/jobs/:id/approve', { values: { id: at.bareJob } });
  await call('POST /admin/jobs/:id/reject', { values: { id: at.rejectedJob }, body: { reason: 'No magic' } });
  await call('GET /admin/settings');
  const saved = await call('PATCH /admin/settings', {
    body: {
      secretSignupCode: '', maxInterviewsPerRecruiter: 50, defaultInterviewDuration: 30,
      enableEmailNotifications: true, enableWhatsAppNotifications: false, maintenanceMode: false,
    },
  });
  expect('an empty sign-up code is stored', saved.secretSignupCode === null);
}

async function recruiterInvites() {
  await login(setup.recruiter, 'RECRUITER');
  await call('POST /jobs/:id/publish', { values: { id: at.job } });
  const jobs = await call('GET /jobs', { query: '?limit=100' });
  expect('the recruiter does not see three jobs', jobs.data?.length === 3);
  const text = await call('POST /interviews', {
    body: { candidateEmail, candidateName: 'Cara', candidatePhone: '+15550100', jobRole: 'Engineer', jobId: at.job, type: 'TEXT', timeLimitMinutes: 20 },
  });
  const voice = await call('POST /interviews', { body: { candidateEmail: 'else@pages.example', jobRole: 'Designer', type: 'VOICE' } });
  const gone = await call('POST /interviews', { body: { candidateEmail: 'gone@pages.example', jobRole: 'Wizard' } });
  [at.text, at.voice, at.gone] = [text.id, voice.id, gone.id];
  [at.textToken, at.voiceToken] = [text.sessions[0].token, voice.sessions[0].token];
  await call('PATCH /interviews/:id', { values: { id: at.text }, body: { timeLimitMinutes: 30 } });
  await refused('POST /interviews', 400, 'Invalid input', { body: { candidateEmail: 'x' } });
  await call('GET /interviews', { query: '?limit=500' });
  await call('POST /auth/logout');
  await refused('POST /auth/logout', 401, 'Authentication required');
}

async function candidateWrites() {
  const token = at.textToken;
  await refused('GET /interviews/candidate/current', 401, 'Invalid interview token', { token: 'unknown' });
  const current = await call('GET /interviews/candidate/current', { token });
  expect('the link opens another interview', current.id === at.text);
  await call('POST /interviews/:id/resume', { values: { id: at.text }, token, form: form(resume(), 'cv.pdf') });
  await call('PATCH /interviews/candidate/notes', { token, body: { notes: 'I like fast systems.' } });
  await call('POST /interviews/candidate/start', { token });
  await refused('POST /interviews/candidate/start', 400, 'Interview already started or completed', { token });
  // The page asks for the opening line with an empty message.
  const opening = await call('POST /interviews/candidate/message', { token, body: { content: '' } });
  expect('the interview does not open', opening.userMessage?.content === '' && opening.aiMessage?.content);
  const answer = await call('POST /interviews/candidate/message', { token, body: { content: 'I made a slow system fast.' } });
  expect('the answer is not told back', answer.userMessage?.content === 'I made a slow system fast.' && answer.aiMessage?.content);
  const shot = await call('POST /interviews/:id/files', { values: { id: at.text }, token, form: form(await picture('image/jpeg'), 'screenshot-1.jpg', { type: 'screenshot' }) });
  ours('POST /interviews/:id/files', shot.url);
  await call('POST /interviews/:id/files', { values: { id: at.text }, token, form: form(resume(), 'work.pdf', { type: 'document' }) });
  await call('POST /files', { token, form: form(await picture('image/jpeg'), 'screenshot-2.jpg', { category: 'SCREENSHOT', purpose: 'interview_attachment' }) });
  const lines = await call('GET /interviews/candidate/messages', { token });
  expect('the transcript has not three lines', lines.length === 3);
  await call('POST /interviews/candidate/complete', { token });
}

async function candidateSpeaks() {
  const token = at.voiceToken;
  await call('GET /interviews/candidate/current', { token });
  await call('POST /interviews/candidate/start', { token });
  await call('POST /interviews/candidate/messages', { token, body: { role: 'assistant', content: 'Welcome.' } });
  await call('POST /interviews/candidate/messages', { token, body: { role: 'user', content: 'Hello.' } });
  await call('POST /interviews/candidate/complete', { token });
}

async function candidateApplies() {
  at.candidate = (await login(candidateEmail, 'CANDIDATE')).id;
  const me = await call('GET /auth/me');
  expect('the account shows no candidate profile', me.candidateProfile);
  await call('GET /users/candidate-profile');
  const profile = await call('PATCH /users/candidate-profile', {
    body: {
      fullName: 'Cara', email: candidateEmail, phone: null, bio: null, skills: ['Go', 'SQL'], experienceYears: 4,
      resumeFileId: null, linkedinUrl: 'https://linkedin.example/in/cara', portfolioUrl: null,
    },
  });
  expect('the profile does not keep its address', profile.email === candidateEmail);
  const open = await call('GET /jobs/public');
  expect('two jobs are not open', open.length === 2);
  const file = await call('POST /files', { form: form(resume(), 'cv.pdf', { category: 'RESUME', purpose: 'application_resume' }) });
  ours('POST /files', file.url);
  const stored = await call('GET /files/:id', { values: { id: file.id } });
  expect('the file comes back in another size or type', stored.size === file.size && stored.type === 'application/pdf');
  const signed = await call('GET /files/:id/signed', { values: { id: file.id }, query: '?expiresIn=3600' });
  const opened = await send('GET /files/:id', { values: { id: file.id }, url: ours('GET /files/:id/signed', signed.signedUrl), credentials: 'omit' });
  expect('the signed URL does not open the file', opened.status === 200 && opened.blob?.size === file.size);
  at.application = (await call('POST /applications', { body: { jobId: at.job, coverLetter: 'I am fast.', resumeFileId: file.id } })).id;
  await refused('POST /applications', 400, 'You have already applied for this job', { body: { jobId: at.job } });
  const second = await call('POST /applications', { body: { jobId: at.bareJob } });
  await call('GET /applications/mine', { query: '?limit=100' });
  await call('GET /applications/mine/:id', { values: { id: at.application } });
  await call('PATCH /applications/mine/:id', { values: { id: at.application }, body: { notes: 'I can start now.' } });
  await call('DELETE /applications/mine/:id', { values: { id: second.id } });
  const spare = await call('POST /files', { form: form(resume(), 'old.pdf', { category: 'RESUME', purpose: 'profile_resume' }) });
  await call('DELETE /files/:id', { values: { id: spare.id } });
  await refused('GET /files/:id', 404, 'File not found', { values: { id: spare.id } });
  const mine = await call('GET /interviews/mine');
  expect('the candidate does not see the interview', mine.data?.[0]?.id === at.text);
}

async function recruiterDecides() {
  await login(setup.recruiter, 'RECRUITER');
  await call('GET /applications', { query: '?limit=100' });
  await call('GET /applications/job/:jobId', { values: { jobId: at.job } });
  const detail = await call('GET /applications/:id', { values: { id: at.application } });
  expect('the application shows no candidate and no resume', detail.candidate?.fullName === 'Cara' && detail.resumeFile && detail.files?.length > 0);
  await call('PATCH /applications/:id/status', { values: { id: at.application }, body: { status: 'REVIEWED' } });
  await refused('PATCH /applications/:id/status', 400, "Invalid status transition from 'REVIEWED' to 'HIRED'", { values: { id: at.application }, body: { status: 'HIRED' } });
  await call('PATCH /applications/:id/notes', { values: { id: at.application }, body: { notes: '' } });
  const interview = await call('GET /interviews/:id', { values: { id: at.text } });
  expect('the interview shows no job, lines and links', interview.job && interview.messages?.length === 3 && interview.sessions?.length === 1);
  await call('GET /interviews/:id', { values: { id: at.gone } });
  await call('GET /interviews/:id/transcript', { values: { id: at.text } });
  await call('GET /interviews/:id/transcript', { values: { id: at.voice } });
  const shots = await call('GET /interviews/:id/screenshots', { values: { id: at.text } });
  expect('two screenshots are not listed', shots.length === 2);
  for (const shot of shots) await shows('GET /interviews/:id/screenshots', ours('GET /interviews/:id/screenshots', shot.url));
  const job = await call('GET /jobs/:id', { values: { id: at.job } });
  expect('the job shows no interview and no application', job.interviews?.length === 1 && job.applications?.length === 1);
  await call('GET /jobs/:id', { values: { id: at.rejectedJob } });
  const about = { body: { interviewIds: [setup.mailed, at.text, 'unknown'] } };
  const mails = await call('POST /notifications/email/status', about);
  const whatsApps = await call('POST /notifications/whatsapp/status', about);
  expect('not the messages of one interview', Object.keys(mails).join() === setup.mailed && Object.keys(whatsApps).join() === setup.mailed);
}

async function administratorLooksAndClears() {
  await login('admin@pages.example', 'ADMIN');
  await call('GET /admin/stats');
  await call('GET /admin/users', { query: '?page=1&limit=100&role=RECRUITER&search=pages' });
  await call('GET /admin/users/:id', { values: { id: at.candidate } });
  await call('GET /admin/users/:id', { values: { id: at.admin } });
  await call('GET /admin/interviews', { query: '?limit=100' });
  await call('GET /admin/analytics', { query: '?days=30' });
  await call('GET /admin/overview');
  await call('GET /applications/admin/all', { query: '?limit=100' });
  await call('PATCH /admin/users/:id/role', { values: { id: at.candidate }, body: { role: 'RECRUITER' } });
  await call('DELETE /admin/users/:id', { values: { id: at.candidate } });
  // The administrator's tab deletes other people's interviews.
  await call('DELETE /interviews/:id', { values: { id: at.gone } });
}

async function recruiterClears() {
  await login(setup.recruiter, 'RECRUITER');
  await call('DELETE /jobs/:id', { values: { id: at.job } });
  await call('DELETE /interviews/:id', { values: { id: setup.mailed } });
  await call('DELETE /users/recruiter-profile/logo');
  await refused('GET /files/:id', 404, 'File not found', { values: { id: at.logo } });
  await call('POST /auth/logout');
  await refused('GET /auth/me', 401, 'Authentication required');
}

for (const chapter of [
  nobody, recruiterSettlesIn, administratorApproves, recruiterInvites, candidateWrites, candidateSpeaks,
  candidateApplies, recruiterDecides, administratorLooksAndClears, recruiterClears,
]) {
  try {
    await chapter();
  } catch (err) {
    report.ended = `${chapter.name}: ${err}`;
    break;
  }
}
await finish();
