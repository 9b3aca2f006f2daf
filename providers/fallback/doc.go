// Package fallback makes one speech or language provider out of several, in order
// of preference. A provider that fails or makes no useful progress is left for the
// next one, as early as the conversation allows: a reply's words before its first
// sentence, a voice within a sentence, recognition at the first sound that was not
// understood. What one call learns about a provider holds for all calls: each has
// one Circuit in the process.
//
// The types here satisfy the ports of package actors by their shape; this package
// declares its own, so that it stays an adapter.
package fallback
