// Package wsaudio is the server's side of one candidate's WebSocket: it carries
// the voice protocol (package voiceproto) and audio both ways and knows nothing
// of interviews.
//
// A Conn owns its websocket.Conn. Run is the reader and owns the writer
// goroutine; when Run has returned, no goroutine and no callback of the
// connection is left. All other methods may be called from any goroutine at any
// time, also before Run and after it, and never block.
//
// Outwards there are two lanes and one writer. Control messages overtake audio,
// and the audio lane is kept nearly empty: what a client acknowledges bounds how
// much may be under way to it (a send window), and without acknowledgements the
// pacer's real time and a small send buffer do. Every queue is bounded. A client
// that does not keep up is closed, never waited for.
//
// Inwards messages are bounded in size and rate. Nothing a client sends can do
// more than end its own connection.
package wsaudio
