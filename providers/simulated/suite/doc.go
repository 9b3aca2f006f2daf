// Package suite puts the simulated providers behind one address: Deepgram's
// recognition and voice, Cartesia's voice and Groq's models, with the speech of
// package soundcode between them. A door for the operator (POST /control/trouble,
// GET /control/journal) lets things go wrong while calls are held. It has no lock:
// whoever serves it binds it to loopback.
package suite
