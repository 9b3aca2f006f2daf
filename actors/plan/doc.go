// Package plan decides what the interviewer says next.
//
// A Plan is an ordered list of questions with follow-up rules and time budgets.
// Next takes the plan, where it stands (State), what the candidate just did
// (Input) and the clock, and returns the new state and one Directive: greet, ask
// this question, dig deeper, help, answer what the candidate asked, close. The
// language model, or the scripted interviewer, only finds the words for it; it
// decides nothing, so it can't skip ahead, answer its own question, ask two at
// once or be talked into anything.
//
// What the rules promise:
//   - one question at a time, in the plan's order, each put once; after that it
//     is only repeated, followed up or returned to (Directive.Again);
//   - at most Question.MaxFollowUps follow-ups, one offer of help and a bounded
//     number of replies to each question, whatever the candidate does;
//   - questions marked Must come before the time is up: the time they need is
//     kept free, and when it runs low the others are dropped;
//   - the interview ends by itself with thanks and the next steps;
//   - no question of a plan touches a protected trait (Protected).
//
// Answers are judged by their words alone, and generously: local speech
// recognition gets one word in five wrong, so tables and comparisons allow for
// misheard words, and a doubt counts for the candidate. What a candidate says is
// data: it moves the plan only through the intents of Understand.
//
// Everything here is pure: no clock, no I/O, no randomness, no goroutine. All
// functions may be called concurrently. Plans, states and directives are values;
// Next never changes what it was given. A State has a JSON form and goes on
// after a restart.
package plan
