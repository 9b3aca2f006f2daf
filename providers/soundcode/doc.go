// Package soundcode is a voice whose words can be read back from its sound, for
// simulated speech providers: text rides in the sound and nowhere else.
package soundcode
