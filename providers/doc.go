// Package providers holds the leaf types that speech and language providers and
// the live interview exchange, and the errors they share. The providers
// themselves live in the folders below; the interfaces they implement are
// declared where they are consumed (actors/ports.go).
package providers
