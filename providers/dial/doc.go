// Package dial opens the WebSockets of speech providers and says in one way why a
// provider refused.
package dial
