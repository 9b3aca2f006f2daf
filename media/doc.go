// Package media moves the audio of a live interview. It knows no network, no
// JSON and no actor: the speech that comes in and the speech that goes out.
//
// Inbound: an Intake cuts a transport's bytes into 20 ms frames, an Inbound ring
// keeps the last seconds of them. Recognisers read the ring at their own pace
// and read it again after a redial.
//
// Outbound: a provider's goroutine writes the current reply into a Playout,
// which blocks it when enough is buffered; a Pacer takes 20 ms frames from there
// on absolute deadlines and hands them to the attached Sink, the candidate's
// connection. Every sample belongs to a reply (interview.ReplyNo), and a revoked
// reply can't be heard any more: Playout and Pacer share one lock, so that once
// Cancel, Revoke or Begin has returned, no older frame is handed out.
//
// Inbound, Playout and Pacer may be used by any number of goroutines. Intake,
// Resampler, Gain and the WAV reader and writer belong to one goroutine at a time.
// The package starts no goroutine: Pacer.Run is called by whoever owns the call.
//
// PCM is always signed 16 bit. 16 kHz mono comes in, 24 kHz mono goes out.
// Nothing here allocates per frame once a call is running.
package media
