// Package interviewer is a chat provider that needs no model: it words the
// directives of a question plan (actors/plan) by itself, so that an interview
// can be held on a machine without a network or a key.
//
// It is no list of canned replies. What is said is put together anew each time
// from the plan's questions, the candidate's own words and a small grammar of
// everyday phrases. The draw is seeded by the interview and the reply, so an
// interview replays word for word while two interviews differ; what was said in
// the replies before is avoided.
//
// The words are meant for the ear: short sentences, plain vocabulary, numbers
// and signs spelled out, so that the local voice (flite) speaks them well and
// the local recognition (pocketsphinx) can read them back.
//
// Replies arrive piece by piece with the delays of a model. An Interviewer may
// be used by any number of goroutines; each stream belongs to the one that reads
// it, and to the context it was opened with. No goroutine is started.
package interviewer
